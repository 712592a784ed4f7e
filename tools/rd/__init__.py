# SPDX-License-Identifier: Apache-2.0
"""The developer command of Redoubt, and the test rig behind it."""
