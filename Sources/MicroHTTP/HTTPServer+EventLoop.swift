import CMicroHTTPD
import Glibc

/// What happens on libmicrohttpd's event loop.
extension HTTPServer {
  /// A request line has come.
  func begin(rawTarget: String, on connection: Connection) -> Exchange {
    let now = MonotonicClock.nanoseconds()
    let exchange = Exchange(rawTarget: rawTarget, connection: connection, gate: gate, at: now)
    connection.exchange = exchange
    _ = connection.enter(.head, at: now)
    return exchange
  }

  /// The access handler's first call: the head is whole, nothing of the body is read.
  func receiveHead(
    of exchange: Exchange, handle: OpaquePointer, method: UnsafePointer<CChar>,
    url: UnsafePointer<CChar>, version: UnsafePointer<CChar>
  ) -> MHD_Result {
    exchange.stage = .body
    do throws(Refused) {
      let head = try RequestHead(
        connection: handle, rawTarget: exchange.rawTarget, method: method, url: url,
        version: version, remoteAddress: exchange.connection.address)
      exchange.request = head.request
      exchange.expectedLength = head.contentLength
      // A bare LF in the chunks' framing is accepted by the library and cannot be seen from here; as
      // nothing after a chunked body is read, nothing can be smuggled behind one.
      exchange.closesConnection = head.isChunked || exchange.connection.surplusRefusal != nil
      guard shim_head_size(handle) <= configuration.headerLimit else {
        let excess = excess(of: exchange)
        throw Refused(excess, problem(excess, nil, for: exchange).detail)
      }
      try admit(exchange)
    } catch {
      if exchange.request == nil {
        exchange.request = exchange.requestWithoutHead(id: RequestIdentity.make())
      }
      return refuse(exchange, handle, error.refusal, error.detail)
    }
    guard exchange.expectedLength != 0 else { return .YES }
    exchange.body.reserveCapacity(Int(exchange.expectedLength ?? 16 << 10))
    return exchange.connection.enter(.body) ? .YES : .NO
  }

  /// What is too long of a head that is.
  func excess(of exchange: Exchange) -> HTTPRefusal {
    exchange.rawTarget.utf8.count < configuration.headerLimit ? .headTooLarge : .targetTooLong
  }

  /// Whether a body may come at all.
  private func admit(_ exchange: Exchange) throws(Refused) {
    guard let length = exchange.expectedLength, length > 0 else { return }
    if length > UInt64(configuration.maximumBodyBytes) {
      throw Refused(.bodyTooLarge, problem(.bodyTooLarge, nil, for: exchange).detail)
    }
    // Why read a body that nobody has time for?
    if pool.isFull { throw Refused(.queueFull, problem(.queueFull, nil, for: exchange).detail) }
  }

  /// The access handler's calls with a piece of the body.
  func receiveBody(
    of exchange: Exchange, _ piece: UnsafeRawBufferPointer
  ) -> MHD_Result {
    guard exchange.connection.phase != .expired else { return .NO }
    exchange.receivedBytes += piece.count
    guard exchange.receivedBytes <= configuration.maximumBodyBytes else {
      // Only a chunked body comes here. The library lets nothing be queued in mid-body.
      account(exchange, .bodyTooLarge)
      refuseDirectly(.bodyTooLarge, exchange: exchange, connection: exchange.connection)
      exchange.isAnsweredDirectly = true
      return .NO
    }
    exchange.body.append(contentsOf: piece)
    return .YES
  }

  /// The access handler's call when the request is whole.
  func receiveEnd(of exchange: Exchange, handle: OpaquePointer) -> MHD_Result {
    if !exchange.body.isEmpty {
      exchange.request?.body = exchange.body
      exchange.body = []
    } else if let request = exchange.request, let response = inlineHandler(request, self) {
      return answer(exchange, handle, with: response)
    }
    if let refusal = exchange.connection.surplusRefusal {
      return refuse(exchange, handle, refusal)
    }
    exchange.prepareForWork()
    if exchange.connection.beginWatching() {
      running.withLock { $0?.doorman }?.watchForLeaving(exchange.connection)
    }
    guard !exchange.connection.peerHasHungUp, exchange.connection.enter(.working) else {
      return .NO
    }
    // Suspended before anybody else can know the exchange, or it could be resumed too early.
    guard exchange.suspend(handle) else { return refuse(exchange, handle, .stopping) }
    exchange.stage = .working
    exchange.isDispatched = true
    exchange.submitted = MonotonicClock.nanoseconds()
    inFlight.add(1, ordering: .relaxed)
    if !pool.submit(exchange) {
      exchange.refusal = .queueFull
      exchange.complete(refusalResponse(.queueFull, for: exchange))
    } else if exchange.connection.peerHasHungUp {
      // The doorman may have looked just before the exchange was suspended.
      exchange.abandon(.clientGone)
    }
    return .YES
  }

  /// The access handler's call after the connection was resumed.
  func receiveAnswer(to exchange: Exchange, handle: OpaquePointer) -> MHD_Result {
    guard let response = exchange.takeAnswer() else { return .NO }
    switch exchange.work?.cancellation.reason {
    case .deadlineExceeded: exchange.refusal = .handlingDeadline
    case .stopping: exchange.refusal = .stopping
    case .clientGone, nil: break
    }
    return answer(exchange, handle, with: response)
  }

  /// Hands the answer to the library.
  func answer(
    _ exchange: Exchange, _ handle: OpaquePointer, with response: HTTPResponse
  ) -> MHD_Result {
    let request = exchange.request
    if let request, let result = answer(exchange, handle, with: response, to: request) {
      return result
    }
    let made: LibraryResponse?
    let phase: Connection.Phase
    switch response.body {
    case .bytes(let bytes):
      made = LibraryResponse(bytes: bytes)
      phase = .sending
      exchange.sentBytes = request?.method == .head ? 0 : bytes.count
    case .stream:
      made = LibraryResponse(streaming: exchange, on: handle)
      phase = .streaming
    }
    guard var made, exchange.connection.enter(phase) else { return .NO }
    defer { MHD_destroy_response(made.handle) }
    made.add(response.headers)
    if let request {
      made.add("X-Request-Id", request.id)
      if let traceparent = request.traceparent { made.add("traceparent", traceparent) }
    }
    if exchange.closesConnection || isDraining { made.add("Connection", "close") }
    for name in made.rejected {
      observer.serverReported("the answer's header \(name) cannot be sent as it is")
    }
    return send(response, made.handle, for: exchange, handle)
  }

  /// Hands a kept form of the answer to the library; nil where there is none, or where it would have to
  /// say more than the others.
  private func answer(
    _ exchange: Exchange, _ handle: OpaquePointer, with response: HTTPResponse,
    to request: HTTPRequest
  ) -> MHD_Result? {
    guard let kept = response.kept, case .bytes(let bytes) = response.body,
      request.traceparent == nil, !exchange.closesConnection, !isDraining
    else { return nil }
    guard exchange.connection.enter(.sending) else { return .NO }
    guard let form = kept.take(response.headers, bytes, id: request.id) else { return nil }
    exchange.sentBytes = request.method == .head ? 0 : bytes.count
    exchange.lentForm = (kept, form)
    return send(response, form, for: exchange, handle)
  }

  private func send(
    _ response: HTTPResponse, _ form: OpaquePointer, for exchange: Exchange,
    _ handle: OpaquePointer
  ) -> MHD_Result {
    exchange.stage = .answered
    exchange.status = response.status
    exchange.route = response.route
    return queueResponse(handle, UInt32(response.status), form)
  }

  /// Answers with a refusal of the server's own. In the access handler's first call the library
  /// then closes the connection without reading a body.
  func refuse(
    _ exchange: Exchange, _ handle: OpaquePointer, _ refusal: HTTPRefusal, _ detail: String? = nil
  ) -> MHD_Result {
    account(exchange, refusal)
    exchange.connection.markLingering()
    return answer(exchange, handle, with: refusalResponse(refusal, detail, for: exchange))
  }

  func account(_ exchange: Exchange, _ refusal: HTTPRefusal) {
    exchange.refusal = refusal
    exchange.status = refusal.status
  }

  /// The exchange is over, or the connection with it.
  func end(_ exchange: Exchange, as code: MHD_RequestTerminationCode) {
    let connection = exchange.connection
    exchange.abandon(.clientGone)
    if exchange.isDispatched {
      if exchange.workStarted.load(ordering: .relaxed) == 0 { pool.withdraw(exchange) }
      inFlight.subtract(1, ordering: .releasing)
    }
    connection.exchange = nil
    if let (kept, form) = exchange.lentForm {
      kept.giveBack(form, id: exchange.request?.id ?? "")
      exchange.lentForm = nil
    }
    let outcome: HTTPExchange.Outcome
    if let phase = connection.expiredPhase {
      outcome = .cut
      if phase == .head || phase == .body { account(exchange, .receiveDeadline) }
    } else if code == .REQUEST_TERMINATED_COMPLETED_OK || exchange.isAnsweredDirectly {
      outcome = .completed
    } else if code == .REQUEST_TERMINATED_TIMEOUT_REACHED
      || code == .REQUEST_TERMINATED_DAEMON_SHUTDOWN
    {
      outcome = .cut
    } else {
      outcome = .clientGone
    }
    let now = MonotonicClock.nanoseconds()
    _ = connection.enter(.waiting, at: now)
    observer.exchangeFinished(exchange.report(endedBy: outcome, at: now))
  }

  /// The library is about to close the connection's descriptor.
  func connectionCloses(_ connection: Connection) {
    table.close(connection)
    running.withLock { $0?.doorman }?.connectionCloses(connection)
  }
}
