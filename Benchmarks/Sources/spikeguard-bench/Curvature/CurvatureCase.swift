import Foundation
import Models
import Torch

/// The top five eigenvalues of the surrogate Hessian against PyHessian's eigenvalues() on SpikingJelly.
enum CurvatureCase: BenchmarkCase {
  static let name = "curvature"
  static let abstract = "Top five eigenvalues against PyHessian: products, time, peak memory."

  static func run(_ session: inout Session) throws {
    let setting =
      session.quick
      ? StepSetting(.vgg5, width: 0.25, channels: 1, size: 28, batchSize: 32)
      : StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: 8)
    try CurvatureDuel(setting, trainingSteps: session.quick ? 60 : 150, session.options)
      .run(rounds: session.rounds(3, quick: 3), &session)
  }
}

/// One trained network, measured by both.
private struct CurvatureDuel {
  let sides: Sides
  let trained: TrainedNetwork
  /// Of all eigenvalues asked for.
  private let top = 5

  init(_ setting: StepSetting, trainingSteps: Int, _ options: Options) throws {
    let network = try TrainedNetwork(setting, trainingSteps: trainingSteps)
    trained = network
    sides = try Sides(setting, options) { try network.write(weights: $0, batch: $1) }
    try network.writeVectors(2, to: sides.path("vectors.safetensors"))
  }

  private var facts: [String] {
    [
      "after a little training on synthetic pictures: accuracy \(formatted(trained.accuracy, 2)) on new ones, "
        + "loss of the measured batch \(formatted(trained.loss, 3)); spikes a neuron and step, by layer: "
        + trained.rates.map { formatted($0, 2) }.joined(separator: " ")
        + "; outputs that differ from the step before: "
        + trained.changes.map { formatted($0, 2) }.joined(separator: " "),
      "the matrix: cross-entropy of time-mean logits, evaluation mode, differentiated twice through surrogate and reset",
    ]
  }

  func run(rounds: Int, _ session: inout Session) throws {
    let agreements = try Sides.layouts.map { try agree(with: $0) }
    let fastest = try products(agreements, rounds: min(rounds, 2), &session)
    try EigenvalueDuel(sides: sides, top: top, peer: fastest)
      .run(agreements, rounds: rounds, &session)
  }

  private func product(_ worker: Worker, dtype: String = "float32", out: String? = nil) throws
    -> WorkerAnswer
  {
    try worker.ask(
      WorkerRequest(
        run: "product", count: 3, out: out, dtype: dtype,
        vectors: sides.path("vectors.safetensors")))
  }

  private func agree(with layout: String) throws -> Agreement {
    let files = ["ours", "theirs"].map { sides.path($0 + ".safetensors") }
    _ = try product(sides.ours(), dtype: "float64", out: files[0])
    _ = try product(sides.peer(layout), dtype: "float64", out: files[1])
    let products = try files.map { try Safetensors.read(from: $0).tensors["products"]! }
    return try Agreement(
      "products with two random vectors in float64, relative, with PyHessian, \(layout)",
      error: products[0].largestDifference(from: products[1]) / products[1].largestMagnitude,
      tolerance: 1e-9)
  }

  /// One product each; returns how to start the fastest of the peer's variants.
  private func products(
    _ agreements: [Agreement], rounds: Int, _ session: inout Session
  ) throws -> () throws -> Worker {
    let variants = Sides.layouts.flatMap { layout in
      [false, true].map { kept in
        { [sides] in try sides.peer(layout, keepingMemory: kept) }
      }
    }
    let workers = [try sides.ours()] + (try variants.map { try $0() })
    var comparison = try Comparison.measure(
      "One product with the surrogate Hessian: \(sides.setting.description)", .milliseconds,
      agreements,
      workers.map { worker in
        Contestant(worker.name) {
          Samples(seconds: try product(worker).seconds!).median
        }
      }, rounds: rounds,
      notes: [
        "the gradient's graph is there already; a product is one backward pass through it; median of 3 a round",
        "asymmetry |uᵀHv − vᵀHu| / |uᵀHv| in float32: "
          + (try workers.prefix(2).map {
            "\($0.name) \(scientific(try product($0).asymmetry!))"
          }).joined(separator: ", "),
      ] + facts)
    for index in comparison.sides.indices {
      comparison.sides[index].peakBytes = workers[index].memory("VmHWM")
    }
    session.publish(comparison)
    let medians = comparison.sides.dropFirst().map(\.samples.median)
    return variants[medians.indices.min { medians[$0] < medians[$1] }! - medians.startIndex]
  }
}
