import Exporting
import PlanAPI
import Testing

private let router = Router(PlanService.standard().routes)

private func get(_ accept: [String], host: String? = nil) -> APIResponse {
  router.response(to: APIRequest(method: "GET", path: "/", accept: accept, host: host))
}

private func text(_ response: APIResponse) -> String {
  String(decoding: response.body, as: UTF8.self)
}

@Suite struct PageRouteTests {
  @Test(arguments: [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html", "text/html;q=0.5, text/plain;q=0.4",
  ])
  func browsersGetThePage(accept: String) {
    let response = get([accept])
    #expect(response.status == 200)
    #expect(response[header: "Content-Type"] == "text/html; charset=utf-8")
    #expect(response[header: "Vary"] == "Accept")
    let policy = response[header: "Content-Security-Policy"] ?? ""
    #expect(policy.hasPrefix("default-src 'none'; ") && !policy.contains("unsafe"))
    #expect(text(response).hasPrefix("<!doctype html>"))
    #expect(response[header: "ETag"] != nil)
  }

  @Test(arguments: [[], ["*/*"], ["text/plain"]])
  func terminalsGetAGreeting(accept: [String]) {
    let response = get(accept, host: "planner.internal:8443")
    #expect(response[header: "Content-Type"] == "text/plain; charset=utf-8")
    #expect(text(response).contains("curl -sS http://planner.internal:8443/partition "))
    #expect(!text(response).contains("<"))
  }

  /// A host that would do something in a shell is not repeated.
  @Test(arguments: [nil, "", "a b", "$(reboot)", "x;y", "x'y", "é"])
  func badHostsAreNotRepeated(host: String?) {
    #expect(text(get([], host: host)).contains("curl -sS http://localhost:8080/partition "))
  }

  /// Whatever else the build answers, the greeting names it.
  @Test func greetingNamesTheRoutes() {
    let greeting = text(get([]))
    for route in router.routes { #expect(greeting.contains(" \(route.path) "), "\(route.path)") }
  }

  /// The page offers every launcher that plans are exported to.
  @Test func pageKnowsTheLaunchers() {
    let page = text(get(["text/html"]))
    for target in ExportTarget.names { #expect(page.contains("<option value=\"\(target)\">")) }
  }

  @Test func onlyThoseForms() {
    #expect(get(["application/json"]).status == 406)
  }
}
