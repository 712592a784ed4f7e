/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Register ids of VCPU_REG_GET and VCPU_REG_SET. System registers use their architectural encoding, so the
 * module translates a KVM register id by masking; the rest are small numbers above it.
 */
#ifndef REDOUBT_ABI_REG_H
#define REDOUBT_ABI_REG_H

/* op0[15:14] op1[13:11] CRn[10:7] CRm[6:3] op2[2:0], as in KVM's ARM64_SYS_REG and MSR/MRS. */
#define RD_REG_SYS(op0, op1, crn, crm, op2) (((op0) << 14) | ((op1) << 11) | ((crn) << 7) | ((crm) << 3) | (op2))
#define RD_REG_X0 0x10000 /* .. 0x1001e: x0..x30 */
#define RD_REG_SP_EL0 0x1001f
#define RD_REG_PC 0x10020
#define RD_REG_PSTATE 0x10021
#define RD_REG_SP_EL1 0x10022
#define RD_REG_ELR_EL1 0x10023
#define RD_REG_SPSR_EL1 0x10024
#define RD_REG_FPSR 0x10025
#define RD_REG_FPCR 0x10026
#define RD_REG_V0 0x10040 /* .. 0x1005f: 128 bits each */
#define RD_REG_CNTV_CTL 0x10060
#define RD_REG_CNTV_CVAL 0x10061
#define RD_REG_CNTVCT 0x10062
#define RD_REG_POWER 0x10063 /* 0 on, 1 off */

#endif
