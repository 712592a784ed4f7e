# SPDX-License-Identifier: Apache-2.0
"""Static checks, each a module with NAME and problems(root) -> list of messages. Run by ./rd check."""
