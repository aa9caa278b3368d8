import Exporting
import Reporting

extension PlanService {
  /// `GET /`: a page for browsers, a greeting for terminals.
  var page: Route {
    .get("/", .text, .html) { request, media throws(Problem) in
      switch media {
      case .html: Self.document
      default: text(Greeting(host: request.host).text)
      }
    }
  }

  private static let document: APIResponse = {
    let html = PageDocument.html(launchers: ExportTarget.all.map { ($0.name, $0.title) })
    var response = APIResponse(.html, body: Array(html.utf8))
    response.headers += [
      HeaderField("Content-Security-Policy", PageDocument.contentSecurityPolicy),
      HeaderField("Cache-Control", "no-cache"),
      HeaderField("X-Content-Type-Options", "nosniff"),
      HeaderField("Referrer-Policy", "no-referrer"),
      HeaderField("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    return response
  }()
}

/// What a terminal sees of the service first.
struct Greeting {
  /// Where the service was reached, as the request says.
  let host: String

  /// - Parameter host: of the request; one that could not be pasted into a shell is passed over.
  init(host: String?) {
    let isPlain = host.map { host in
      !host.isEmpty && host.utf8.count <= 255
        && host.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
          default: ".-:[]_".utf8.contains(byte)
          }
        }
    }
    self.host = isPlain == true ? host ?? "" : "localhost:8080"
  }

  var text: String {
    """
    Stagewright plans distributed training: give it a model, a cluster and a training job, and it
    answers with a parallel strategy, what the strategy will do, and how far from the best it can be.

    Try:
      curl -sS http://\(host)/partition \\
        -H 'Content-Type: application/json' -H 'Accept: text/plain' \\
        -d '{"model": "gpt-1.5b", "cluster": "1x8xh100-sxm5-80gb",
             "training": {"global_batch_size": 256, "sequence_length": 1024}}'

      POST /partition         model, cluster and training -> the best plan (JSON, text, SVG)
      POST /simulate          a given plan -> what it will do (JSON, text, SVG)
      POST /calibrate         measured times -> a cost profile that the other routes take
      POST /analyze           a model -> where it is heavy and how it can be cut (JSON, text)
      POST /graph             a model -> its graph of layers (JSON, Graphviz)
      POST /replan            a plan and what became of its cluster -> how to go on (JSON, text)
      POST /cluster           a cluster in any form -> its graph, and what was assumed
      GET  /catalog/models    names of models, with figures and sources
      GET  /catalog/gpus      names of GPUs, with figures and sources
      GET  /catalog/machines  names of cloud providers' machines
      GET  /openapi.yaml      all of it, exactly
      GET  /                  this, or in a browser a page

    """
  }
}
