/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The run page: one host-owned page per vCPU, shared with EL2, through which VCPU_RUN takes requests and
 * gives its exit record. EL2 reads every request field at most once per run; the host may lie in it.
 */
#ifndef REDOUBT_ABI_RUN_H
#define REDOUBT_ABI_RUN_H

#ifdef __KERNEL__
#include <linux/types.h>
typedef __u64 rd_u64;
typedef __u32 rd_u32;
#else
#include <stdint.h>
typedef uint64_t rd_u64;
typedef uint32_t rd_u32;
#endif

#define RD_RUN_MAX_SPIS 16u

/* rd_spi_request.flags, rd_spi_status.state */
#define RD_SPI_PENDING (1u << 0)
#define RD_SPI_ACTIVE (1u << 1)
#define RD_SPI_LEVEL (1u << 2) /* request only: ask for an exit when the guest ends this interrupt */
#define RD_SPI_GROUP1 (1u << 3) /* request only */
#define RD_SPI_IN_FLIGHT (1u << 31) /* status only: EL2 accepted it in this run; state bits are valid */

struct rd_spi_request {
	rd_u32 intid; /* 32..NR_IRQS-1 */
	rd_u32 flags; /* RD_SPI_* */
	rd_u32 priority; /* 0..255 */
	rd_u32 reserved;
};

/* rd_run_request.action: what to do with the exit that the previous run reported. */
enum rd_run_action {
	RD_ACTION_NONE = 0, /* retry the instruction, or nothing was asked */
	RD_ACTION_MMIO_DONE = 1, /* the MMIO access is complete; a read takes mmio_value */
	RD_ACTION_INJECT_SEA = 2, /* give the guest a synchronous external abort for it */
};

struct rd_run_request {
	rd_u32 action; /* enum rd_run_action */
	rd_u32 flags; /* 0; nothing reads it */
	rd_u64 mmio_value;
	rd_u32 nr_spis; /* entries of spi[] that are valid */
	rd_u32 reserved;
	struct rd_spi_request spi[RD_RUN_MAX_SPIS];
};

/* Why VCPU_RUN came back. The fields that each reason fills are listed; all others read 0. */
enum rd_exit_reason {
	RD_EXIT_IRQ = 0, /* a physical interrupt is pending: let the host take it */
	RD_EXIT_WFX = 1, /* nothing to do until an interrupt or timer.deadline; args[0] = 1 for WFE */
	RD_EXIT_MMIO = 2, /* ipa, mmio_bytes, mmio_write, mmio_value (writes): emulate, then RD_ACTION_MMIO_DONE */
	RD_EXIT_MEMORY = 3, /* ipa, args[0] = RD_PROT_* wanted: back this page, then run again */
	RD_EXIT_NEED_TABLES = 4, /* args[0] = pages: VM_TOPUP, then run again */
	RD_EXIT_KICK = 5, /* kick_mask: make those vCPUs run (SGI or CPU_ON); this one may run again at once */
	RD_EXIT_VCPU_OFF = 6, /* this vCPU is powered off; wait until another exit's kick_mask names it */
	RD_EXIT_SYSTEM = 7, /* args[0] = enum rd_system_event, args[1] = flags of the PSCI call */
	RD_EXIT_RIPAS = 8, /* args[0], args[1] = first and end IPA, args[2] = RD_RIPAS_*: private pages changed hands */
	RD_EXIT_FAULT = 9, /* args[0] = enum rd_guest_fault: this vCPU cannot go on; ipa if it concerns one */
	RD_EXIT_EOI = 10, /* a level-triggered SPI was ended: look at the spi states */
};

enum rd_system_event {
	RD_SYSTEM_OFF = 1,
	RD_SYSTEM_RESET = 2,
};

enum rd_ripas { RD_RIPAS_EMPTY = 0, RD_RIPAS_RAM = 1 };

enum rd_guest_fault {
	RD_FAULT_NOT_REALM = 1, /* touched device space before RSI_REALM_CONFIG: the guest kernel has no RSI */
	RD_FAULT_STATE = 3, /* illegal execution state or AArch32 */
	RD_FAULT_SERROR = 4, /* a physical SError interrupted the guest */
	RD_FAULT_UNEXPECTED = 5, /* an exception class EL2 does not expect: args[1] = EC */
};

/* timer_flags */
#define RD_TIMER_ARMED (1u << 0) /* the virtual timer is enabled, unmasked and will fire at timer_deadline */
#define RD_TIMER_PENDING (1u << 1) /* its line is already high */

struct rd_run_exit {
	rd_u32 reason; /* enum rd_exit_reason, as in x1 */
	rd_u32 mmio_bytes; /* 1, 2, 4 or 8 */
	rd_u32 mmio_write; /* 0 or 1 */
	rd_u32 kick_mask; /* bit n: vCPU n */
	rd_u64 ipa; /* guest address without the shared-alias bit */
	rd_u64 mmio_value;
	rd_u64 timer_deadline; /* in CNTVCT ticks */
	rd_u32 timer_flags;
	rd_u32 shared; /* 1: the access went through the shared alias (rsi) */
	rd_u64 args[8];
	rd_u32 spi_status[RD_RUN_MAX_SPIS]; /* RD_SPI_* for request.spi[i] of this run */
};

struct rd_run {
	struct rd_run_request request;
	rd_u64 reserved[24];
	struct rd_run_exit exit;
};

#ifdef __cplusplus
static_assert(sizeof(struct rd_spi_request) == 16);
static_assert(sizeof(struct rd_run_request) == 24 + 16 * RD_RUN_MAX_SPIS);
static_assert(sizeof(struct rd_run_exit) == 16 + 8 * 3 + 8 + 64 + 4 * RD_RUN_MAX_SPIS);
static_assert(sizeof(struct rd_run) <= 4096);
#endif

#endif
