#ifndef STAGEWRIGHT_OPENAPI_H
#define STAGEWRIGHT_OPENAPI_H
#include <stddef.h>

/// The bytes of openapi.yaml as they were when the program was built.
const unsigned char *openapi_bytes(void);
size_t openapi_size(void);

#endif
