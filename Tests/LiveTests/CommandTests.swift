import Foundation
import JSON
import Testing

@testable import stagewright

@Suite struct CommandTests {
  @Test func printsWhatTheServiceAnswers() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "job-\(UUID()).json")
    try smallJob.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    for arguments in [["partition", file.path], ["partition", "-"], ["partition"]] {
      let run = try CommandRun(arguments, input: arguments.count == 2 ? smallJob : smallJob)
      #expect(run.status == 0 && run.errors.isEmpty)
      let answer = try JSONDocument(parsing: Array(run.output.utf8)).root
      #expect(answer["model_name"]?.string == "gpt-0.3b")
    }
    let catalogue = try CommandRun(["gpus"])
    #expect(catalogue.status == 0 && catalogue.output.contains("h100-sxm5-80gb"))
  }

  @Test func saysThatNothingFits() throws {
    let job = smallJob.replacing(
      #""1x4xh100-sxm5-80gb""#,
      with: #"{"pools": [{"gpu": "h100", "nodes": 1, "memory_bytes": 100000000}]}"#
        + #", "search": {"pipeline_parallel": 1, "tensor_parallel": 1}"#)
    let run = try CommandRun(["partition"], input: job)
    #expect(run.status == 1)
    #expect(run.output.contains(#""status":"infeasible""#))
  }

  @Test(arguments: [
    (["partition"], "", "The body is not JSON"),
    (["partition"], #"{"model": "gtp-0.3b"}"#, #"/model: no model of the catalogue has the name"#),
    (["partition", "/no/such/file"], "", "cannot read /no/such/file"),
    (["partition", "--format", "pdf"], "", "pdf"),
    (["simulate", "--format", "yaml"], "{}", "this answer comes as json, text, svg"),
    (["parttion"], "", "parttion"), (["serve", "--port", "70000"], "", "--port"),
    (["serve", "--host", "256.1.1.1"], "", "cannot resolve 256.1.1.1"),
  ])
  func refusesBadInput(arguments: [String], input: String, message: String) throws {
    let run = try CommandRun(arguments, input: input)
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  @Test func teaches() throws {
    let run = try CommandRun(["--help"])
    #expect(run.status == 0)
    for word in ["serve", "partition", "simulate", "Exit status: 0"] {
      #expect(run.output.contains(word))
    }
    #expect(try CommandRun([]).output == run.output)
    #expect(try CommandRun(["serve", "--help"]).output.contains("--drain-delay"))
    #expect(try CommandRun(["--version"]).output == BuildInformation.version + "\n")
  }
}
