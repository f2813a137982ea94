import Torch

/// Whether a peer classifies as we do: every logit in float64; in float32, which is timed, how many predictions differ,
/// as rounding flips spikes.
final class EvaluationAgreement {
  private let sides: Sides
  /// The first of the batch are compared.
  private let images: Int
  private var ours: [Tensor]?
  /// Peers that were compared before, at another batch size.
  private var known: [String: [Agreement]] = [:]

  init(sides: Sides, images: Int) {
    self.sides = sides
    self.images = images
  }

  func check(_ peer: Peer, _ variant: Variant) throws -> [Agreement] {
    let name = "\(peer.name), \(variant.layout)"
    if let known = known[name] { return known }
    let own = try ours ?? logits(of: sides.ours())
    ours = own
    let other = try logits(of: sides.start(peer, variant))
    let predictions = Set(own[0].argmax(along: 1).scalars(of: Int.self))
    guard predictions.count > 1 else {
      throw NothingToCompare(
        description: "our logits give all \(images) images one class: agreement would say nothing")
    }
    let agreements = [
      try Agreement(
        "logits of \(images) images in float64, \(predictions.count) classes predicted, with \(name)",
        error: own[0].largestDifference(from: other[0]), tolerance: 1e-9),
      try Agreement(
        "share of other predictions in float64, with \(name)", error: differing(own[0], other[0]),
        tolerance: 0),
      try Agreement(
        "share of other predictions in float32, with \(name)", error: differing(own[1], other[1]),
        tolerance: 0.1),
    ]
    known[name] = agreements
    return agreements
  }

  /// In float64 and in float32.
  private func logits(of worker: Worker) throws -> [Tensor] {
    try ["float64", "float32"].map {
      let out = sides.path("logits.safetensors")
      _ = try worker.ask(WorkerRequest(run: "evaluate", out: out, dtype: $0, images: images))
      return try Safetensors.read(from: out).tensors["logits"]!
    }
  }

  private func differing(_ a: Tensor, _ b: Tensor) -> Double {
    let same = (a.argmax(along: 1) .== b.argmax(along: 1)).sum().item()
    return 1 - same / Double(a.size(0))
  }
}
