/* A library that answers as NVIDIA's libnvidia-ml.so.1 does, for two GPUs at 300 W and 450 W, so that the real Python bindings are run against real calls.
   Signatures: https://docs.nvidia.com/deploy/nvml-api/ */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OK = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7 };
typedef struct { int index; } *device;
typedef struct { unsigned long long total, free, used; } memory;
typedef struct { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; } process;
typedef union { double d; unsigned u; unsigned long ul; unsigned long long ull; long long sll; int i; unsigned short us; } value;
typedef struct { unsigned id, scope; long long stamp, latency; int type, result; value value; } field;

static struct { int index; } gpus[2] = {{0}, {1}};
static const unsigned watts[2] = {300, 450};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int nvmlInitWithFlags(unsigned flags) { return OK; }
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int result) { return result == NOT_SUPPORTED ? "Not Supported" : "Other"; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, device *handle) {
    if (index > 1) return INVALID_ARGUMENT;
    *handle = (device)&gpus[index];
    return OK;
}
int nvmlDeviceGetUUID(device d, char *text, unsigned size) {
    snprintf(text, size, "GPU-5a1b2c3d-0000-0000-0000-00000000000%d", d->index);
    return OK;
}
int nvmlDeviceGetName(device d, char *text, unsigned size) { snprintf(text, size, "NVIDIA Stand-In"); return OK; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "580.65.06"); return OK; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 13000; return OK; }
int nvmlDeviceGetMemoryInfo(device d, memory *m) { m->total = 80ULL << 30; m->free = m->total; m->used = 0; return OK; }
int nvmlDeviceGetTotalEnergyConsumption(device d, unsigned long long *mj) { *mj = now() * watts[d->index] * 1000; return OK; }
int nvmlDeviceGetPowerUsage(device d, unsigned *mw) { *mw = 1; return OK; } /* not to be used where instant power is there */
int nvmlDeviceGetFieldValues(device d, int count, field *fields) {
    for (int i = 0; i < count; i++) {
        fields[i].result = fields[i].id == 186 ? OK : NOT_SUPPORTED;
        fields[i].type = 1;
        fields[i].value.ull = 0xffffffffffffffffULL; /* what is beside the unsigned int must not be read */
        fields[i].value.u = watts[d->index] * 1000 + (unsigned)(now() * 1000) % 100;
    }
    return OK;
}
int nvmlDeviceGetEnforcedPowerLimit(device d, unsigned *mw) { *mw = 700000; return OK; }
int nvmlDeviceGetPowerManagementDefaultLimit(device d, unsigned *mw) { *mw = 700000; return OK; }
int nvmlDeviceGetMaxClockInfo(device d, int kind, unsigned *mhz) { *mhz = kind == 1 ? 1980 : 2619; return OK; }
int nvmlDeviceGetClockInfo(device d, int kind, unsigned *mhz) { *mhz = kind == 1 ? 1755 : 0; return OK; }
int nvmlDeviceGetTemperature(device d, int sensor, unsigned *celsius) { *celsius = 60 + d->index; return OK; }
int nvmlDeviceGetCurrentClocksEventReasons(device d, unsigned long long *mask) { *mask = d->index ? 0x20 : 0x4; return OK; }
int nvmlDeviceGetMigMode(device d, unsigned *current, unsigned *pending) { *current = *pending = 0; return OK; }
int nvmlDeviceGetPersistenceMode(device d, unsigned *mode) { *mode = 1; return OK; }
int nvmlDeviceGetNvLinkState(device d, unsigned link, unsigned *active) {
    if (link > 17) return INVALID_ARGUMENT;
    *active = 1;
    return OK;
}
int nvmlDeviceGetComputeRunningProcesses_v3(device d, unsigned *count, process *found) {
    if (found == NULL || *count < 1) { *count = 1; return INSUFFICIENT_SIZE; }
    memset(found, 0, sizeof *found);
    found->pid = getpid();
    *count = 1;
    return OK;
}
