import Costing
import JSON
import Testing

@testable import PlanAPI

@Suite struct TrainingRuleTests {
  @Test func readsWhatMustBeThere() throws {
    let job = try value(#"{"global_batch_size": 512, "sequence_length": 1024}"#, as: .training)
    #expect(job == TrainingJob(globalBatchSize: 512, sequenceLength: 1024))
  }

  @Test func readsAll() throws {
    let job = try value(
      """
      {"global_batch_size": 8, "sequence_length": 4096, "precision": "fp8", "optimizer": "adam-8bit",
       "gradient_precision": "bf16", "attention": "unfused", "dropout": true}
      """, as: .training)
    let expected = TrainingJob(
      globalBatchSize: 8, sequenceLength: 4096, precision: .fp8, optimizer: .adam8bit,
      gradientBytesOverride: 2, attention: .unfused, usesDropout: true)
    #expect(job == expected)
  }

  @Test(arguments: [
    ("{}", ["/global_batch_size", "/sequence_length"]),
    ("null", [""]), ("[]", [""]),
    (
      #"{"global_batch_size": 0, "sequence_length": -1}"#,
      ["/global_batch_size", "/sequence_length"]
    ),
    (
      #"{"global_batch_size": 1.5, "sequence_length": 1e300}"#,
      ["/global_batch_size", "/sequence_length"]
    ),
    (
      #"{"global_batch_size": 9223372036854775807, "sequence_length": 99999999999999999999}"#,
      ["/global_batch_size", "/sequence_length"]
    ),
    (
      #"{"global_batch_size": "8", "sequence_length": true}"#,
      ["/global_batch_size", "/sequence_length"]
    ),
    (
      #"{"global_batch_size": 8, "sequence_length": 8, "precision": "int4", "optimizer": null, "dropout": 1}"#,
      ["/precision", "/optimizer", "/dropout"]
    ),
    (
      #"{"global_batch_size": 8, "sequence_length": 8, "sequence_lenght": 8}"#, ["/sequence_lenght"]
    ),
  ])
  func notesFaults(text: String, expected: [String]) throws {
    #expect(try pointers(text, as: .training) == expected)
  }

  @Test func suggestsNames() throws {
    let text = #"{"global_batchsize": 8, "sequence_length": 8, "optimizer": "adamW"}"#
    #expect(
      try faults(text, as: .training) == [
        "/global_batch_size: missing: expected an integer from 1 to \(WireLimits.batch)",
        #"/global_batchsize: unknown member; did you mean "global_batch_size"?"#,
        #"/optimizer: unknown value "adamW"; did you mean "adamw" or "adam"?"#,
      ])
  }

  /// Numbers at their limits stay within 64 bits when multiplied.
  @Test func limitsKeepProductsSmall() {
    let (tokens, overflows) = WireLimits.batch.multipliedReportingOverflow(
      by: WireLimits.sequenceLength)
    #expect(!overflows && tokens < 1 << 62)
    #expect(WireLimits.degree.multipliedReportingOverflow(by: 1 << 40).overflow == false)
  }
}
