/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page of RAM, one place for VMs (its VMID outlives them), CPUs that run the host or a vCPU, and TLBs that are filled at any
 * moment. A line "@call KIND@" is replaced by the steps of that call in steps.txt, which a unit test compares with the code.
 */
#define CPUS 2
#ifndef ACTIONS
#define ACTIONS 1 /* of each CPU: what it does in a guest is not counted */
#endif
#define FREE_LOCK 255

/* A mutant leaves a step out, or exchanges it with the next one: what happens in each place is given when the search starts. */
c_decl {
  \#include <stdlib.h>
  static int given_mistake;
  static char takes[1024]; /* 4 * place + 0: its own step, 1: the next one, 2: the one before, 3: nothing */
  __attribute__((constructor)) static void read_takes(void) {
    given_mistake = getenv("RD_MISTAKE") ? atoi(getenv("RD_MISTAKE")) : 0;
    const char *given = getenv("RD_TAKES"); /* "place what place what ..." of what is not as it should be */
    for (int place = 0; place < 256; place++) takes[4 * place] = 1;
    for (char *next = (char *)given; next && *next;) {
      long place = strtol(next, &next, 10), what = strtol(next, &next, 10);
      takes[4 * place] = 0;
      takes[4 * place + what] = 1;
    }
  }
}

mtype = { HOST, GUEST };                  /* who owns the page */
mtype = { DATA, ZERO, SECRET };           /* what is in it */
mtype = { FREE, RUNNABLE, STOPPED, DEAD }; /* the VM */

mtype owner = HOST, content = DATA, vm = RUNNABLE;
bit host_map = 1, decoy = 0;              /* entries of the host's stage 2 at the page's address */
bit private = 0, shared = 0;              /* entries of the VM's stage 2 that map the page */
bit decoyed = 0, borrowed = 0, ram = 0;   /* the page array, and RIPAS of the frame that the shared entry is the alias of */
byte tlb_host, tlb_decoy, tlb_private, tlb_shared;   /* a bit for each CPU whose TLB has an entry of the kind */
bit dev_host = 0, dev_decoy = 0;          /* entries of the host's stage 2 in an SMMU */
bit old_host = 0, old_guest = 0;          /* instructions of the page in some instruction cache, as the host or the guest had them */
bit guest_vmid[CPUS];                     /* this CPU walks the VM's tables, not the host's */
byte loaded[2], loads = 0;                /* on how many CPUs each vCPU is, and all of them */
byte running = 0;
bit begun = 0;
byte mistake = 0;
byte lock[3] = FREE_LOCK;                 /* core, then log and entropy, which nest in it; gic is never held with another */
#define CORE 0
#define LOG 1
#define GIC 2

#define LOCK(l) atomic { lock[l] == FREE_LOCK -> lock[l] = _pid }
#define UNLOCK(l) atomic { assert(lock[l] == _pid); lock[l] = FREE_LOCK }
/* Between calls nothing is owed: table, page array and TLBs agree. */
#define SETTLED ((owner == GUEST || (host_map && !decoy && !decoyed)) && (owner == HOST || (private && !host_map)) && \
                 decoy == decoyed && borrowed == shared && (borrowed || !tlb_shared))
#define DONE atomic { assert(lock[CORE] == _pid); assert(SETTLED); lock[CORE] = FREE_LOCK }

/* Mistakes in what calls check or in how they lock, at most one at a time, given when the search starts: each must be found. */
#define LOCAL_TLBI (mistake == 1)
#define WALKS_GO_ON (mistake == 2)
#define DONATE_WHILE_BORROWED (mistake == 3)
#define TEARDOWN_WHILE_LOADED (mistake == 4)
#define RECLAIM_LIVE (mistake == 5)
#define DESTROY_WITH_PAGES (mistake == 6)
#define FAULT_WITHOUT_A_SECOND_LOOK (mistake == 7)
#define LOAD_TWICE (mistake == 8)
#define LOAD_LOOKS_BEFORE_THE_LOCK (mistake == 9)
#define LOG_BEFORE_CORE (mistake == 10)

#define FLUSH(tlb) tlb = (LOCAL_TLBI -> tlb & ~(1 << me) : 0)
#define EXCLUSIVE (owner == HOST && (!borrowed || DONATE_WHILE_BORROWED))
#define UNLOADED (loads == 0 || TEARDOWN_WHILE_LOADED)
#define RECLAIMABLE (vm != FREE && (vm == DEAD || RECLAIM_LIVE) && owner == GUEST)
#define EMPTY ((owner == HOST && !borrowed) || DESTROY_WITH_PAGES)
#define FAULTS_ON_A_GUEST_PAGE ((owner == GUEST || FAULT_WITHOUT_A_SECOND_LOOK) && !decoyed)
#define LOADABLE(v) (vm == RUNNABLE && (!loaded[v] || LOAD_TWICE))

/* The steps. */
inline host_unmap(kind)  { atomic { host_map = 0; decoy = 0 } }
inline host_map_(kind)   { atomic { assert(!decoy && !tlb_decoy && !dev_decoy); host_map = 1 } } /* break before make */
inline host_decoy(kind)  { atomic { assert(!host_map); decoy = 1 } }
inline guest_map(kind)   { atomic { if :: kind == 0 -> private = 1 :: else -> shared = 1 fi } }
inline guest_unmap(kind) { atomic { if :: kind == 0 -> private = 0 :: else -> shared = 0 fi } }
inline host_flush(kind)  { atomic { FLUSH(tlb_host); FLUSH(tlb_decoy) } }
inline guest_flush(kind) {
  if :: WALKS_GO_ON -> guest_vmid[me] = 1 :: else fi;
  atomic { FLUSH(tlb_private); FLUSH(tlb_shared) };
  if :: WALKS_GO_ON -> guest_vmid[me] = inside :: else fi
}
inline dev_flush(kind)   { atomic { dev_host = 0; dev_decoy = 0 } }
inline wipe(kind)        { content = ZERO }
inline clean(kind)       { skip }
inline icache(kind)      { atomic { old_host = 0; old_guest = 0 } }
inline own_guest(kind)   { owner = GUEST }
inline own_host(kind)    { atomic { owner = HOST; decoyed = 0 } }
inline lent(kind)        { borrowed = 1 }
inline unlent(kind)      { borrowed = 0 }
inline decoyed_(kind)    { decoyed = 1 }

/* The calls: what they check, their steps, what they write into the page array. */
inline mem_donate() {
  LOCK(CORE);
  if
  :: vm == RUNNABLE && EXCLUSIVE && !private -> @mem_donate 0@
  :: else
  fi;
  DONE
}
inline mem_share() {
  LOCK(CORE);
  if
  :: vm == RUNNABLE && owner == HOST && !shared && !ram -> @mem_share 1@
  :: else
  fi;
  DONE
}
inline mem_unshare() {
  LOCK(CORE);
  if
  :: vm != FREE && shared -> @mem_unshare 1@
  :: else
  fi;
  DONE
}
inline vm_teardown() {
  LOCK(CORE);
  if
  :: (vm == RUNNABLE || vm == STOPPED) && UNLOADED -> vm = DEAD; @vm_teardown 0@
  :: else
  fi;
  DONE
}
inline page_reclaim() {
  LOCK(CORE);
  if
  :: RECLAIMABLE && decoyed -> @page_reclaim_decoy 0@
  :: RECLAIMABLE && !decoyed -> @page_reclaim 0@
  :: else
  fi;
  DONE
}
/* The next VM has new tables, which are empty, and the same VMID. */
inline vm_destroy_and_create() {
  LOCK(CORE);
  if
  :: vm == DEAD && EMPTY -> vm = FREE
  :: else
  fi;
  DONE;
  LOCK(CORE);
  if
  :: vm == FREE -> atomic { vm = RUNNABLE; private = 0; shared = 0; ram = 0 }
  :: else
  fi;
  DONE
}
inline host_abort() {
  LOCK(CORE);
  if
  :: FAULTS_ON_A_GUEST_PAGE ->
     @host_abort 0@
  :: else
  fi;
  DONE
}
inline guest_release() {
  LOCK(CORE);
  if
  :: vm == RUNNABLE && private && decoyed -> @guest_release_decoy 0@
  :: vm == RUNNABLE && private && !decoyed -> @guest_release 0@
  :: else
  fi;
  DONE
}
inline guest_claim() {
  LOCK(CORE);
  if
  :: vm == RUNNABLE && shared -> @guest_claim 1@ ram = 1
  :: vm == RUNNABLE && !shared -> ram = !ram
  :: else
  fi;
  DONE
}

/* What the two worlds do with the page. */
inline host_touches() {
  atomic {
    if
    :: tlb_host & (1 << me) -> assert(owner == HOST && content != SECRET && !old_guest); content = DATA; old_host = 1
    :: else
    fi
  }
}
inline guest_touches() {
  atomic {
    if
    :: tlb_private & (1 << me) -> assert(owner == GUEST && content != DATA && !old_host); content = SECRET; old_guest = 1
    :: else
    fi;
    if :: tlb_shared & (1 << me) -> assert(owner == HOST) :: else fi
  }
}
/* An ordinary access needs a walk; it waits for nobody. */
inline host_faults() { if :: !host_map && !decoy && !(tlb_host & (1 << me)) -> host_abort() :: else fi }

inline run_vcpu(v) {
  LOCK(CORE);
  if
  :: LOADABLE(v) ->
     if :: LOAD_LOOKS_BEFORE_THE_LOCK -> DONE; LOCK(CORE) :: else fi;
     atomic { loaded[v]++; loads++ };
     DONE;
     atomic { running++; inside = 1; guest_vmid[me] = 1 };
     do
     :: true -> guest_touches()
     :: guest_release()
     :: guest_claim()
     :: LOCK(GIC); UNLOCK(GIC)
     :: LOCK(CORE); if :: vm == RUNNABLE -> vm = STOPPED :: else fi; DONE
     :: break
     od;
     atomic { running--; inside = 0; guest_vmid[me] = 0 };
     LOCK(CORE);
     atomic { loaded[v]--; loads-- };
     DONE
  :: else -> DONE
  fi
}
inline log_read() { LOCK(CORE); LOCK(LOG); UNLOCK(LOG); DONE }
inline log_line() {
  if
  :: LOG_BEFORE_CORE -> LOCK(LOG); LOCK(CORE); UNLOCK(LOG); DONE
  :: else -> LOCK(LOG); UNLOCK(LOG)
  fi
}

active [CPUS] proctype cpu() {
  byte me = _pid, n = 0;
  bit inside = 0;
  begun;
  do
  :: n < ACTIONS ->
     n++;
     if
     :: true -> host_touches()
     :: true -> host_faults()
     :: mem_donate()
     :: mem_share()
     :: mem_unshare()
     :: vm_teardown()
     :: page_reclaim()
     :: vm_destroy_and_create()
     :: run_vcpu(0)
     :: run_vcpu(1)
     :: log_read()
     :: true -> log_line()
     fi
  :: n == ACTIONS -> break
  od;
  host_touches()
}

/* The hardware: any CPU may walk at any moment for the VMID that it has, whatever it executes, and any device of the host. */
#define WALKS(c) \
  :: atomic { !guest_vmid[c] && host_map && !(tlb_host & (1 << c)) -> tlb_host = tlb_host | (1 << c) } \
  :: atomic { !guest_vmid[c] && decoy && !(tlb_decoy & (1 << c)) -> tlb_decoy = tlb_decoy | (1 << c) } \
  :: atomic { guest_vmid[c] && private && !(tlb_private & (1 << c)) -> tlb_private = tlb_private | (1 << c) } \
  :: atomic { guest_vmid[c] && shared && !(tlb_shared & (1 << c)) -> tlb_shared = tlb_shared | (1 << c) }
active proctype walker() {
  begun;
end:
  do
  WALKS(0)
  WALKS(1)
  :: atomic { host_map && !dev_host -> dev_host = 1 }
  :: atomic { decoy && !dev_decoy -> dev_decoy = 1 }
  od
}

#define ISOLATED (owner == HOST || (!tlb_host && !dev_host))
#define RETURNED (owner == GUEST || !tlb_private)
#define WIPED (owner == GUEST || content != SECRET)
#define QUIET ((vm != DEAD && vm != FREE) || (loads == 0 && running == 0))
#define ONCE (loaded[0] <= 1 && loaded[1] <= 1 && running <= loads)
active proctype monitor() {
  /* Where the page may be when somebody begins to look. */
  atomic {
    c_code { now.mistake = given_mistake; };
    if
    :: true
    :: true -> owner = GUEST; private = 1; host_map = 0; content = SECRET; old_guest = 1; tlb_private = 2
    :: true -> owner = GUEST; private = 1; host_map = 0; content = SECRET; old_guest = 1; tlb_private = 3; decoy = 1; decoyed = 1; tlb_decoy = 1
    :: true -> borrowed = 1; shared = 1; tlb_shared = 2; tlb_host = 1; dev_host = 1; old_host = 1
    fi;
    if :: true :: true -> vm = STOPPED :: true -> vm = DEAD; tlb_private = 0; tlb_shared = 0; old_guest = 0 fi;
    begun = 1
  }
end:
  do
  :: atomic { !(ISOLATED && RETURNED && WIPED && QUIET && ONCE) -> assert(ISOLATED); assert(RETURNED); assert(WIPED); assert(QUIET); assert(ONCE) }
  od
}
