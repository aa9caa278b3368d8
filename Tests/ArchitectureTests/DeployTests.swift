import Foundation
import JSON
import Testing

/// What `Deploy/` says of the service is true of it.
@Suite struct DeployTests {
  private let deployment: JSONValue
  private let container: JSONValue

  init() throws {
    deployment = try Repository.yaml("Deploy/Kubernetes/base/deployment.yaml")[0]
    container = deployment["spec"]!["template"]!["spec"]!["containers"]![0]!
  }

  private func setting(_ name: String) -> String? {
    container["env"]!.elements.first { $0["name"]?.string == name }?["value"]?.string
  }

  private func seconds(_ text: String?) -> Int? {
    text.flatMap { $0.hasSuffix("s") ? Int($0.dropLast()) : nil }
  }

  @Test func probesAskRoutesThatAreThere() throws {
    let paths = try Specification.shared.get().operations.map(\.path)
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
      let path = try #require(container[probe]?["httpGet"]?["path"]?.string)
      #expect(paths.contains(path))
    }
    #expect(container["readinessProbe"]?["httpGet"]?["path"]?.string == "/readyz")
  }

  @Test func endsAfterTheDrain() throws {
    let grace = try #require(
      deployment["spec"]?["template"]?["spec"]?["terminationGracePeriodSeconds"]?.integer)
    let delay = try #require(seconds(setting("STAGEWRIGHT_DRAIN_DELAY")))
    let timeout = try #require(seconds(setting("STAGEWRIGHT_DRAIN_TIMEOUT")))
    #expect(grace > delay + timeout)
    let unit = try Repository.text("Deploy/systemd/stagewright.service")
    #expect(unit.contains("TimeoutStopSec=\(grace)\n"))
  }

  @Test func portsAgree() throws {
    let port = try #require(container["ports"]?[0]?["containerPort"]?.integer)
    #expect(container["args"]!.elements.map(\.string).suffix(2) == ["--port", "\(port)"])
    let dockerfile = try Repository.text("Dockerfile")
    #expect(dockerfile.contains("EXPOSE \(port)\n"))
    let user = deployment["spec"]?["template"]?["spec"]?["securityContext"]?["runAsUser"]?.integer
    #expect(dockerfile.contains("USER \(try #require(user)):"))
  }

  @Test func selectorsNameTheServiceAlone() throws {
    for file in ["disruption-budget", "network-policy"] {
      let spec = try Repository.yaml("Deploy/Kubernetes/base/\(file).yaml")[0]["spec"]!
      let selector = try #require(spec["selector"] ?? spec["podSelector"])
      #expect(selector["matchLabels"]?["app.kubernetes.io/name"]?.string == "stagewright")
    }
  }
}
