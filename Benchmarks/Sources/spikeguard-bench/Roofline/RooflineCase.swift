import Layers
import Models
import Spiking
import Torch

/// How far a VGG-11's training step, evaluation and attack gradient are from what the machine can
/// do at best.
///
/// Williams, Waterman & Patterson, "Roofline: an insightful visual performance model", CACM 52(4),
/// 2009.
enum RooflineCase: BenchmarkCase {
  static let name = "roofline"
  static let abstract = "Measured ceilings of the machine, and every layer's distance from them."

  static func run(_ session: inout Session) throws {
    let ceilings = try Ceilings.measure(quick: session.quick)
    say("\n" + ceilings.text)
    var record = RooflineRecord(ceilings: ceilings)
    for batch in session.batches([32, 128], quick: [32]) {
      let setting = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: batch)
      for workload in Workload.allCases {
        let analysis = try DissectedWorkload(workload, setting)
          .measure(rounds: session.rounds(batch > 64 ? 5 : 9, quick: 3), against: ceilings)
        say("\n" + analysis.text)
        record.analyses.append(analysis)
      }
    }
    session.record.rooflines.append(record)
  }
}

/// What `--json` keeps of this case.
struct RooflineRecord: Codable {
  let ceilings: Ceilings
  var analyses: [RooflineAnalysis] = []
}

/// What is taken apart.
enum Workload: String, CaseIterable, Codable {
  case training = "training step"
  case evaluation = "forward pass of an evaluation"
  case attackGradient = "gradient of an attack"

  var mode: Mode { self == .training ? .training : .evaluation }
  var differentiates: Bool { self != .evaluation }
  /// What is compared.
  var result: String { self == .evaluation ? "logits" : "loss" }
}
