#ifndef STAGEWRIGHT_CMICROHTTPD_SHIM_H
#define STAGEWRIGHT_CMICROHTTPD_SHIM_H
// What Swift cannot reach: libmicrohttpd's variadic functions. Nothing else belongs here.

#include <microhttpd.h>
#include <stdarg.h>

// Linux's own, which the Glibc module leaves out.
#include <sys/epoll.h>
#include <sys/eventfd.h>

static inline struct MHD_Daemon *shim_start_daemon(
    unsigned int flags, MHD_AccessHandlerCallback handler,
    void (*logger)(void *, const char *, va_list), void *context,
    struct MHD_OptionItem *options) {
  return MHD_start_daemon(flags, 0, NULL, NULL, handler, context,
                          MHD_OPTION_EXTERNAL_LOGGER, logger, context,
                          MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static inline int shim_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : info->connect_fd;
}

static inline void *shim_socket_context(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info == NULL ? NULL : info->socket_context;
}

/// Bytes from the method to the end of the blank line, or 0 while they are not all there.
static inline size_t shim_head_size(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info == NULL ? 0 : info->header_size;
}

#endif
