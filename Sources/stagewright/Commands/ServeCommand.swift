import ArgumentParser
import Glibc
import MicroHTTP
import PlanAPI

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answers over HTTP until it is told to stop.")

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"
  @Option(help: "The port to listen on; 0 takes a free one.")
  var port: UInt16 = 8080

  func run() throws {
    let signals = StopSignals()
    var configuration = HTTPServer.Configuration()
    configuration.host = host
    configuration.port = port
    let doorway = Doorway(router: Router(PlanService.standard().routes))
    let server = HTTPServer(
      configuration: configuration, inline: answerProbe, handler: doorway.response)
    do {
      let address = try server.start()
      Terminal.complain("listening on \(address.url)\n")
    } catch {
      throw CommandFailure(status: .badInput, message: error.description)
    }
    signals.stop(server)
  }
}

/// Answers what must not wait behind plans.
private func answerProbe(_ request: HTTPRequest, _ server: HTTPServer) -> HTTPResponse? {
  switch request.path {
  case "/livez": HTTPResponse(body: Array("ok\n".utf8), route: "/livez")
  case "/readyz":
    server.isDraining
      ? HTTPResponse(status: 503, body: Array("draining\n".utf8), route: "/readyz")
      : HTTPResponse(body: Array("ok\n".utf8), route: "/readyz")
  default: nil
  }
}
