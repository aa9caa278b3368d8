#include "openapi.h"

// Swift has no way to take in a file when it compiles but an array literal, on which the compiler
// spends 20 s; C has #embed (C23), which takes none.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char bytes[] = {
#embed "../../openapi.yaml"
};

const unsigned char *openapi_bytes(void) { return bytes; }

size_t openapi_size(void) { return sizeof bytes; }
