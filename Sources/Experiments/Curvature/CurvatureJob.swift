import Attacks
import Curvature
import Datasets
import Layers
import Spiking
import Torch
import Training

/// Measures the curvature of a network's loss on inference batches: clean, and under attack.
///
/// The attacks see the network as it is, in float32, through all time steps; labels are the true ones, and every image is attacked,
/// those that are misclassified too. Then the loss is differentiated twice, batch norm in evaluation mode. A stochastic coding
/// draws the same numbers at every evaluation of a batch, by the seed: what is measured is the loss of that draw.
///
/// Source: arXiv 2505.11134, section 4.3.
public struct CurvatureJob: Sendable {
  public let loaded: LoadedNetwork
  /// What the batches are cut from, in order.
  public let dataset: ImageDataset
  public let settings: CurvatureSettings

  /// - Throws: ``UsageError`` for settings that make no sense or do not fit the data.
  public init(
    _ loaded: LoadedNetwork, on dataset: ImageDataset,
    _ settings: CurvatureSettings = CurvatureSettings()
  ) throws(UsageError) {
    try settings.check()
    // Divides, because a product of two options may be too large for a number.
    guard settings.batches <= dataset.count / settings.batchSize else {
      throw UsageError(
        "--batches: expected \(settings.batches) of --batch-size \(settings.batchSize), found "
          + "\(dataset.count) images in \(dataset.name); ask for fewer or smaller ones")
    }
    self.loaded = loaded
    self.dataset = dataset.prefix(settings.batches * settings.batchSize)
    self.settings = settings
  }

  /// - Parameter shouldStop: asked before each batch's eigenvalues; the results then hold those that are there, and say so.
  /// - Returns: nil where it was stopped before the first.
  /// - Throws: ``UsageError`` for more eigenvalues or steps than parameters, `CurvatureError` where the loss cannot be
  ///   differentiated or does not repeat itself, `AttackError` otherwise.
  public func run(
    shouldStop: () -> Bool = { false }, progress: @escaping (CurvatureEvent) -> Void = { _ in }
  ) throws -> CurvatureResults? {
    let clock = ContinuousClock.now
    let parameters = loaded.network.parameters.tensors.reduce(0) { $0 + $1.count }
    try checkFits(parameters)
    let network = try measuredNetwork()
    var inferences: [CurvatureResults.Inference] = []
    for (index, kind) in settings.inferences.enumerated() where !shouldStop() {
      let images = try images(kind, progress)
      let title = kind.title
      let measurement = InferenceMeasurement(self, kind, network: network) { batch, products in
        progress(
          .measuring(
            title, batch: index * curvatures + batch,
            of: settings.inferences.count * curvatures, products: products))
      }
      let inference = try measurement(images, shouldStop: shouldStop) { seconds in
        // The first products tell what the others will cost.
        if index == 0 { progress(.cost(cost(parameters, secondsOfProduct: seconds))) }
      }
      if let inference { inferences.append(inference) }
    }
    guard !inferences.isEmpty else { return nil }
    return CurvatureResults(
      self, parameters: parameters, inferences,
      seconds: clock.duration(to: .now) / .seconds(1))
  }

  /// Of each inference.
  private var curvatures: Int { settings.isWhole ? 1 : settings.batches }

  private func checkFits(_ parameters: Int) throws(UsageError) {
    let asked = [
      ("--count", settings.count), ("--density-steps", settings.density?.steps ?? 0),
      ("--trace-products", settings.traceProducts ?? 0),
    ]
    for (option, value) in asked where value > parameters {
      throw UsageError(
        "\(option): expected at most \(parameters), the number of parameters, found \(value)")
    }
  }

  /// In the type that is asked for; the network that was given stays as it is.
  private func measuredNetwork() throws -> any SpikingNetwork {
    guard settings.precision != .float32 else { return loaded.network }
    let network = try loaded.recipe.build(seed: 0)
    try network.load(loaded.network.weights.map { $0.detached().copied() })
    network.convert(to: settings.precision.dtype)
    return network
  }

  /// nil for clean images.
  func attack(_ kind: InferenceKind) -> AttackRecipe? {
    switch kind {
    case .clean: nil
    case .fgsm: .fgsm(epsilon: settings.epsilon)
    case .pgd:
      .pgd(
        epsilon: settings.epsilon, stepSize: settings.stepSize, steps: settings.steps, restarts: 1,
        randomStart: true)
    }
  }

  /// `[N, C, H, W]`, float32
  private func images(
    _ kind: InferenceKind, _ progress: (CurvatureEvent) -> Void
  ) throws -> Tensor {
    guard let attack = attack(kind) else { return dataset.images(at: 0..<dataset.count) }
    return try Exchange.attackEveryImage(
      loaded, on: dataset, attack, start: nil, seed: settings.seed, batchSize: settings.batchSize
    ) { progress(.attacking("\(attack)", images: $0, of: dataset.count)) }.adversarial
  }

  private func cost(_ parameters: Int, secondsOfProduct: Double) -> CurvatureCost {
    let density = settings.density.map { $0.steps * $0.vectors } ?? 0
    let once =
      density + (settings.traceProducts ?? 0) + 2 * InferenceMeasurement.asymmetryDraws
    return CurvatureCost(
      parameters: parameters, secondsOfProduct: secondsOfProduct,
      mostProducts: settings.inferences.count * (curvatures * settings.mostProducts + once))
  }
}

/// How far a measurement is.
public enum CurvatureEvent: Sendable, Equatable {
  case attacking(String, images: Int, of: Int)
  /// What the rest will cost at most; told once, after the first products.
  case cost(CurvatureCost)
  /// `batch` curvatures are done; `products` were made for the one at work.
  case measuring(String, batch: Int, of: Int, products: Int)
}

/// What a measurement costs.
public struct CurvatureCost: Sendable, Equatable {
  public let parameters: Int
  public let secondsOfProduct: Double
  /// Over all batches and inferences; eigenvalues that converge take fewer.
  public let mostProducts: Int

  public var mostSeconds: Double { secondsOfProduct * Double(mostProducts) }
}
