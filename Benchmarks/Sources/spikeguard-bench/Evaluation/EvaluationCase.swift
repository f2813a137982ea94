import Foundation
import Models
import Torch

/// Clean accuracy of images in evaluation mode against the peers.
enum EvaluationCase: BenchmarkCase {
  static let name = "evaluation"
  static let abstract = "Clean accuracy against the peers: time and peak memory."

  static func run(_ session: inout Session) throws {
    let chunks = session.batches([32, 128], quick: [32, 128])
    let images = max(session.quick ? 128 : 256, chunks.max()!)
    let setting = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: images)
    let sides = try Sides(setting, session.options) {
      try setting.writeCalibrated(weights: $0, batch: $1)
    }
    let agreement = EvaluationAgreement(sides: sides, images: session.quick ? 16 : 64)
    for chunk in chunks {
      let comparisons = try duel(
        sides, agreement, chunk: chunk, session
      ).run(&session)
      session.hold([comparisons.speed("evaluation, VGG-11, batch \(chunk)", atLeast: 2)])
    }
  }

  private static func duel(
    _ sides: Sides, _ agreement: EvaluationAgreement, chunk: Int, _ session: Session
  ) -> Duel {
    Duel(
      title: "Clean accuracy, \(chunk) images at a time", sides: sides,
      own: [.init(name: "Spikeguard") { try sides.ours() }],
      peers: Peer.frameworks, variants: session.variants, rounds: session.rounds(7, quick: 3),
      notes: [
        "all \(sides.setting.batchSize) images a round, synthetic pictures; fresh weights, batch norm "
          + "calibrated on others",
        "the peers run under torch.inference_mode, SpikingJelly's nodes in their evaluation mode",
      ],
      agree: { try agreement.check($0, $1) },
      measure: { try $0.ask(WorkerRequest(run: "evaluate", chunk: chunk)).seconds!.last! })
  }
}
