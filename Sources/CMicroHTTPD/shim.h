#ifndef STAGEWRIGHT_CMICROHTTPD_SHIM_H
#define STAGEWRIGHT_CMICROHTTPD_SHIM_H
#include <microhttpd.h>
#endif
