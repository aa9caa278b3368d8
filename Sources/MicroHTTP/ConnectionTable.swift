import Synchronization

/// The open connections, by descriptor, and how many each address has.
final class ConnectionTable: Sendable {
  private struct State {
    var byDescriptor: [Int32: Connection] = [:]
    var byAddress: [String: Int] = [:]
    var nextSerial: UInt32 = 1
  }

  private let state = Mutex(State())

  var count: Int { state.withLock { $0.byDescriptor.count } }

  func count(from address: String) -> Int {
    state.withLock { $0.byAddress[address] ?? 0 }
  }

  func open(
    _ descriptor: Int32, from address: String, surplus: HTTPRefusal?,
    onFault: @escaping @Sendable (Connection, Int) -> Void
  ) -> Connection {
    state.withLock { state in
      let connection = Connection(
        descriptor: descriptor, serial: state.nextSerial, address: address,
        surplusRefusal: surplus, onFault: onFault)
      state.nextSerial = state.nextSerial == .max ? 1 : state.nextSerial + 1
      state.byDescriptor[descriptor] = connection
      state.byAddress[address, default: 0] += 1
      return connection
    }
  }

  /// Forgets a connection; to be called before its descriptor is closed. No sweep touches the
  /// descriptor afterwards.
  func close(_ connection: Connection) {
    state.withLock { state in
      guard state.byDescriptor[connection.descriptor] === connection else { return }
      state.byDescriptor[connection.descriptor] = nil
      let left = (state.byAddress[connection.address] ?? 1) - 1
      state.byAddress[connection.address] = left > 0 ? left : nil
    }
  }

  subscript(descriptor: Int32) -> Connection? {
    state.withLock { $0.byDescriptor[descriptor] }
  }

  /// Calls `body` for every open connection, none of which is closed meanwhile: `body` may use the
  /// descriptor, and must not wait. Complexity: O(connections).
  func forEach(_ body: (Connection) -> Void) {
    state.withLock { state in
      for connection in state.byDescriptor.values { body(connection) }
    }
  }

  /// Calls `body` unless the connection is closed already; it is not closed meanwhile.
  func whileOpen(_ connection: Connection, _ body: () -> Void) {
    state.withLock { state in
      if state.byDescriptor[connection.descriptor] === connection { body() }
    }
  }
}
