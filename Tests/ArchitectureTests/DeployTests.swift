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

  @Test func alertsWatchMetricsThatAreThere() throws {
    let alerts = try Repository.text("Deploy/Prometheus/alerts.yaml")
    let metrics = try Repository.text("Sources/stagewright/Metrics/ServiceMetrics+Text.swift")
    let names = Set(alerts.matches(of: #/(?:stagewright|process)_[a-z_]+/#).map { String($0.0) })
    #expect(names.count >= 4)
    for name in names {
      let family = name.hasSuffix("_bucket") ? String(name.dropLast(7)) : name
      #expect(metrics.contains("\"\(family)\""), "\(name)")
    }
  }
}
