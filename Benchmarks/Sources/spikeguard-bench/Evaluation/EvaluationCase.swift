import Foundation
import Models
import Torch

/// Clean accuracy of images in evaluation mode against the peers.
enum EvaluationCase: BenchmarkCase {
  static let name = "evaluation"
  static let abstract = "Clean accuracy, without gradients, against the peers: time and peak memory."

  static func run(_ session: inout Session) throws {
    for batch in session.batches([32, 128], quick: [32, 128]) {
      let setting = StepSetting(
        .vgg11, width: 1, channels: 3, size: 32, batchSize: max(128, 2 * batch))
      let comparisons = try duel(setting, chunk: batch, session).run(&session)
      session.hold([comparisons.speed("evaluation, VGG-11, batch \(batch)", atLeast: 2)])
    }
  }

  private static func duel(
    _ setting: StepSetting, chunk: Int, _ session: Session
  ) throws -> Duel {
    let sides = try Sides(setting, session.options, calibrated: true)
    return Duel(
      title: "Clean accuracy, \(chunk) images at a time", sides: sides,
      own: [.init(name: "Spikeguard") { try sides.ours() }],
      peers: Peer.frameworks, variants: session.variants, rounds: session.rounds(7, quick: 3),
      notes: [
        "all \(setting.batchSize) images a round, which are noise; batch norm saw noise before",
        "the peers run under torch.inference_mode, SpikingJelly's nodes in their evaluation mode",
      ],
      agree: { try agree(sides, chunk: chunk, $0, $1) },
      measure: { try $0.ask(WorkerRequest(run: "evaluate", chunk: chunk)).seconds!.last! })
  }

  /// In float64 every logit; in float32, which is timed, how many predictions differ: rounding flips spikes.
  private static func agree(
    _ sides: Sides, chunk: Int, _ peer: Peer, _ variant: Variant
  ) throws -> [Agreement] {
    let workers = [try sides.ours(), try sides.start(peer, variant)]
    func both(_ dtype: String) throws -> [Tensor] {
      try workers.map {
        let out = sides.path("logits.safetensors")
        _ = try $0.ask(WorkerRequest(run: "evaluate", out: out, dtype: dtype, chunk: chunk))
        return try Safetensors.read(from: out).tensors["logits"]!
      }
    }
    func differing(_ logits: [Tensor]) -> Double {
      let predictions = logits.map { $0.argmax(along: 1) }
      return 1 - (predictions[0] .== predictions[1]).sum().item() / Double(logits[0].size(0))
    }
    let (exact, rounded) = (try both("float64"), try both("float32"))
    let name = "\(peer.name), \(variant.layout)"
    return [
      try Agreement(
        "logits in float64, with \(name)", error: exact[0].largestDifference(from: exact[1]),
        tolerance: 1e-9),
      try Agreement(
        "share of other predictions in float64, with \(name)", error: differing(exact),
        tolerance: 0),
      try Agreement(
        "share of other predictions in float32, with \(name)", error: differing(rounded),
        tolerance: 0.05),
    ]
  }
}
