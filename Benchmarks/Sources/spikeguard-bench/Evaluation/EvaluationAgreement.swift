import Torch

/// Whether a peer classifies as we do: every logit in float64; in float32, which is timed, how many predictions differ,
/// as rounding flips spikes, and how many images the function that is timed counts as right: on each side the same in
/// chunks with a rest as at once.
final class EvaluationAgreement {
  private let sides: Sides
  /// The first of the batch are compared.
  private let images: Int
  private var ours: Results?
  /// Peers that were compared before, at another batch size.
  private var known: [String: [Agreement]] = [:]

  init(sides: Sides, images: Int) {
    self.sides = sides
    self.images = images
  }

  func check(_ peer: Peer, _ variant: Variant) throws -> [Agreement] {
    let name = "\(peer.name), \(variant.layout)"
    if let known = known[name] { return known }
    let all = try ours ?? results(of: sides.ours())
    ours = all
    let own = all.logits
    let theirs = try results(of: sides.start(peer, variant))
    let other = theirs.logits
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
      try Agreement(
        "share by which the counts of right answers differ in float32, with \(name)",
        error: Double(abs(all.correct - theirs.correct)) / Double(images), tolerance: 0.1),
      // Rounding in another order may move one.
      try Agreement(
        "right answers in chunks and at once, of ours and of \(name)",
        error: Double(max(all.lostInChunks, theirs.lostInChunks)), tolerance: 1),
    ]
    known[name] = agreements
    return agreements
  }

  private struct Results {
    /// In float64 and in float32.
    var logits: [Tensor] = []
    /// In float32, all images at once.
    var correct = 0
    /// By how many images the count in chunks differs from that.
    var lostInChunks = 0
  }

  private func results(of worker: Worker) throws -> Results {
    var results = Results()
    for type in ["float64", "float32"] {
      let out = sides.path("logits.safetensors")
      results.correct = try worker.ask(
        WorkerRequest(run: "evaluate", out: out, dtype: type, images: images)
      ).correct!
      results.logits.append(try Safetensors.read(from: out).tensors["logits"]!)
    }
    let inChunks = try worker.ask(
      WorkerRequest(run: "evaluate", images: images, chunk: images / 3)
    ).correct!
    results.lostInChunks = abs(inChunks - results.correct)
    return results
  }

  private func differing(_ a: Tensor, _ b: Tensor) -> Double {
    let same = (a.argmax(along: 1) .== b.argmax(along: 1)).sum().item()
    return 1 - same / Double(a.size(0))
  }
}
