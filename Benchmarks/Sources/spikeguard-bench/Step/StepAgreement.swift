import Torch

/// Whether a peer's training step is ours.
///
/// Logits and gradients are compared in float64. In float32 the two sides round differently, which flips a few
/// of the millions of spikes, and every layer amplifies that; of the float32 run the loss is compared.
struct StepAgreement {
  let sides: Sides
  /// The first of the batch are compared.
  let images: Int
  /// Options of our worker, as of ``Sides/ours(_:deflation:returningMemory:recipe:)``.
  var deflation = "none"
  var recipe: [String] = []
  /// Of gradients, relative.
  var tolerance = 1e-9

  func check(_ peer: Peer, _ variant: Variant) throws -> [Agreement] {
    let workers = [
      try sides.ours(deflation: deflation, recipe: recipe), try sides.start(peer, variant),
    ]
    func both(_ dtype: String) throws -> [NamedTensors] {
      try workers.map {
        let out = sides.path("gradients.safetensors")
        _ = try $0.ask(WorkerRequest(run: "gradients", out: out, dtype: dtype, images: images))
        return try Safetensors.read(from: out).tensors
      }
    }
    let name = "\(peer.name), \(variant.layout)"
    let exact = try both("float64")
    let gradients = exact.map { all in all.filter { $0.hasPrefix("grad.") } }
    let losses = try both("float32").map { $0["loss"]!.item() }
    return [
      try Agreement(
        "logits in float64, with \(name)",
        error: exact[0]["logits"]!.largestDifference(from: exact[1]["logits"]!), tolerance: 1e-9),
      try Agreement(
        "\(deflation == "none" ? "gradients" : "deflated gradients") in float64, relative, with \(name)",
        error: gradients[0].largestRelativeDifference(from: gradients[1]), tolerance: tolerance),
      try Agreement(
        "loss in float32, with \(name)", error: abs(losses[0] - losses[1]), tolerance: 3e-2),
    ]
  }
}
