import Torch

/// What shows at every point that two sides compute the same.
///
/// Of a few images in float64 the gradients or logits, which is the proof; in float32, which is timed, the predictions,
/// or the gradients where no spike differs; and of the first run on the whole batch, which warms up for the timed ones,
/// the loss or the count of right answers.
struct GrowthEquality {
  /// Enough to tell networks apart, and few enough that float64 takes little memory.
  private static let images = 8

  let run: GrowthRun
  let batchSize: Int
  let float64: NamedTensors
  let float32: NamedTensors

  init(of worker: Worker, _ run: GrowthRun, _ sides: Sides) throws {
    let results = try ["float64", "float32"].map { type in
      let out = sides.path("results.safetensors")
      _ = try worker.ask(
        WorkerRequest(
          run: run == .step ? "gradients" : run.rawValue, out: out, dtype: type,
          images: Self.images))
      return try Safetensors.read(from: out).tensors
    }
    if run == .evaluate { try Self.checkSpikes(results[0]["logits"]!) }
    self.init(
      run: run, batchSize: sides.setting.batchSize, float64: results[0], float32: results[1])
  }

  init(run: GrowthRun, batchSize: Int, float64: NamedTensors, float32: NamedTensors) {
    (self.run, self.batchSize) = (run, batchSize)
    (self.float64, self.float32) = (float64, float32)
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

  /// - Parameter first: what both sides' first runs answered; nil where a side could not do it.
  /// - Throws: ``Disagreement``.
  func agreements(
    with other: GrowthEquality, first: (ours: WorkerAnswer?, peer: WorkerAnswer?)
  ) throws -> [Agreement] {
    switch run {
    case .step: try stepAgreements(other) + firstLoss(first.ours, first.peer)
    case .evaluate: try evaluationAgreements(other) + firstCount(first.ours, first.peer)
    }
  }

  private func stepAgreements(_ other: GrowthEquality) throws -> [Agreement] {
    let found = [
      try Agreement(
        "gradients in float64, relative",
        error: gradients(float64).largestRelativeDifference(from: gradients(other.float64)),
        tolerance: 1e-9)
    ]
    // A flipped spike changes logits by more than rounding does, and gradients by as much as it likes.
    let logits = float32["logits"]!.largestDifference(from: other.float32["logits"]!)
    guard logits < 1e-4 else {
      return found + [
        try Agreement(
          "logits in float32 where a spike differs, so that gradients are not compared",
          error: logits, tolerance: .infinity)
      ]
    }
    return found + [
      try Agreement(
        "gradients in float32 where no spike differs, relative",
        error: gradients(float32).largestRelativeDifference(from: gradients(other.float32)),
        tolerance: 2e-2)
    ]
  }

  private func evaluationAgreements(_ other: GrowthEquality) throws -> [Agreement] {
    let (ours, theirs) = (float32["logits"]!, other.float32["logits"]!)
    let images = Double(ours.size(0))
    let same: Double = (ours.argmax(along: 1) .== theirs.argmax(along: 1)).sum().item()
    return [
      try Agreement(
        "logits in float64, relative",
        error: float64.largestRelativeDifference(from: other.float64), tolerance: 1e-9),
      // Rounding may flip a spike, and a spike one image of eight.
      try Agreement(
        "share of other predictions in float32", error: 1 - same / images, tolerance: 0.125),
    ]
  }

  /// Of the first step, on the whole batch.
  private func firstLoss(_ ours: WorkerAnswer?, _ peer: WorkerAnswer?) throws -> [Agreement] {
    guard let a = ours?.losses?.first, let b = peer?.losses?.first else { return [] }
    // A flipped spike changes an image's whole loss; the mean over images varies by so much.
    let tolerance = 0.5 / Double(batchSize).squareRoot()
    return [try Agreement("loss of the first run", error: abs(a - b), tolerance: tolerance)]
  }

  private func firstCount(_ ours: WorkerAnswer?, _ peer: WorkerAnswer?) throws -> [Agreement] {
    guard let a = ours?.correct, let b = peer?.correct else { return [] }
    return [
      try Agreement(
        "share of right answers of the first run", error: Double(abs(a - b)) / Double(batchSize),
        tolerance: 0.1)
    ]
  }

  private func gradients(_ results: NamedTensors) -> NamedTensors {
    results.filter { $0.hasPrefix("grad.") }
  }
}
