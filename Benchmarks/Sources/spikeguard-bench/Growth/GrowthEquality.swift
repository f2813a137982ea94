import Torch

/// What shows at every point that two sides compute the same: in float64 the gradients or logits of a few images, and
/// of what was timed the loss or the count of right answers.
struct GrowthEquality {
  /// As many as the smallest batches have are enough, and keep float64 within the limit on memory.
  private static let images = 8

  private let run: GrowthRun
  private let batchSize: Int
  private let results: NamedTensors

  init(of worker: Worker, _ run: GrowthRun, _ sides: Sides) throws {
    self.run = run
    batchSize = sides.setting.batchSize
    let out = sides.path("results.safetensors")
    _ = try worker.ask(
      WorkerRequest(
        run: run == .step ? "gradients" : run.rawValue, out: out, dtype: "float64",
        images: Self.images))
    let tensors = try Safetensors.read(from: out).tensors
    results = run == .step ? tensors.filter { $0.hasPrefix("grad.") } : tensors
    if run == .evaluate { try Self.checkSpikes(tensors["logits"]!) }
  }

  /// Without spikes at its end a network answers every image with the last layer's bias, and any two agree.
  static func checkSpikes(_ logits: Tensor) throws {
    let images = logits.size(0)
    guard
      images == 1 || logits.largestDifference(from: logits[0..<1].expanded(to: logits.shape)) > 0
    else {
      throw NothingToCompare(
        description: "all \(images) images have the same logits: agreement would say nothing")
    }
  }

  /// - Parameter first: what both sides' first runs answered.
  /// - Throws: ``Disagreement``.
  func agreements(
    with other: GrowthEquality, first: (ours: WorkerAnswer?, peer: WorkerAnswer?)
  ) throws -> [Agreement] {
    let count = Double(batchSize)
    switch run {
    case .step:
      return [
        try Agreement(
          "gradients in float64, relative",
          error: results.largestRelativeDifference(from: other.results), tolerance: 1e-9),
        try Agreement(
          "loss in float32",
          error: difference(first.ours?.losses?.first, first.peer?.losses?.first),
          // A flipped spike changes an image's whole loss; the mean over images varies by so much.
          tolerance: 0.5 / count.squareRoot()),
      ]
    case .evaluate:
      return [
        try Agreement(
          "logits in float64, relative",
          error: results.largestRelativeDifference(from: other.results), tolerance: 1e-9),
        try Agreement(
          "share of right answers in float32",
          error: difference(
            first.ours?.correct.map { Double($0) / count },
            first.peer?.correct.map { Double($0) / count }),
          tolerance: max(0.1, 1 / count)),
      ]
    }
  }

  /// Not a number, which no tolerance allows, where a side gave none.
  private func difference(_ a: Double?, _ b: Double?) -> Double {
    guard let a, let b else { return .nan }
    return abs(a - b)
  }
}
