import Curvature
import Datasets
import Spiking
import Torch

/// The curvatures of one kind of images.
struct InferenceMeasurement {
  /// Two products each.
  static let asymmetryDraws = 4

  let job: CurvatureJob
  let kind: InferenceKind
  let network: any SpikingNetwork
  /// Told after every product: curvatures done, and products of the one at work.
  let onProduct: (Int, Int) -> Void

  init(
    _ job: CurvatureJob, _ kind: InferenceKind, network: any SpikingNetwork,
    onProduct: @escaping (Int, Int) -> Void
  ) {
    self.job = job
    self.kind = kind
    self.network = network
    self.onProduct = onProduct
  }

  private var settings: CurvatureSettings { job.settings }

  /// - Parameters:
  ///   - images: `[N, C, H, W]`, in the data set's order.
  ///   - shouldStop: asked at the beginning and before each batch.
  ///   - onFirstProducts: told the seconds of a product, from those that found the asymmetry.
  /// - Returns: nil where it was stopped before the first batch.
  func callAsFunction(
    _ images: Tensor, shouldStop: () -> Bool, onFirstProducts: (Double) -> Void
  ) throws -> CurvatureResults.Inference? {
    // Attacking the images may have taken long.
    guard !shouldStop() else { return nil }
    let batches = batches(of: images)
    let groups = settings.isWhole ? [batches] : batches.map { [$0] }
    let losses = groups.enumerated().map { index, group in
      // Each batch has draws of its own.
      LossFunction(
        of: network, job.loaded.recipe.encoder, loss: settings.loss,
        seed: settings.seed &+ UInt64(index), over: group)
    }
    let repeatability = try DeterminismProbe(seed: settings.seed)(losses[0])
    let clock = ContinuousClock.now
    let asymmetry = try Asymmetry(
      comparingProductsOf: LossCurvature(of: losses[0]), draws: Self.asymmetryDraws,
      seed: settings.seed)
    let product = settings.product.product(asymmetry: asymmetry.value, in: settings.precision)
    let passes = product == .symmetricPart || product == .gaussNewton ? 2.0 : 1
    onFirstProducts(
      passes * (clock.duration(to: .now) / .seconds(1)) / Double(2 * asymmetry.draws))
    let trusts = product.isSymmetric || asymmetry.value <= settings.precision.rounding

    var measured: [CurvatureResults.Batch] = []
    var trace: TraceEstimate?
    var density: CurvatureResults.Density?
    for (index, loss) in losses.enumerated() where !shouldStop() {
      let matrix = ObservedOperator(try LossCurvature(of: loss, product: product)) {
        onProduct(index, $0)
      }
      measured.append(
        try batch(groups[index], loss, matrix, verifies: !trusts))
      guard index == 0 else { continue }
      trace = try settings.traceProducts.map { try self.trace(matrix, products: $0) }
      density = try settings.density.map { try self.density(matrix, $0) }
    }
    guard !measured.isEmpty else { return nil }
    let row =
      product == .gaussNewton
      ? .failure(.init("the paper's are of the Hessian, not of the Gauss–Newton matrix"))
      : PublishedCurvature.row(
        kind, dataset: job.dataset.name, training: job.loaded.manifest?.training)
    return CurvatureResults.Inference(
      kind: kind, attack: job.attack(kind), product: product, asymmetry: asymmetry,
      repeatability: repeatability, batches: measured, trace: trace, density: density,
      published: try? row.get(), notPublished: row.failure?.reason)
  }

  private func batches(of images: Tensor) -> [ImageBatch] {
    stride(from: 0, to: job.dataset.count, by: settings.batchSize).map { start in
      let range = start..<start + settings.batchSize
      let dtype = settings.precision.dtype
      return ImageBatch(
        count: range.count, images: { images[range].converted(to: dtype) },
        labels: { job.dataset.labels(at: range) })
    }
  }

  private func batch(
    _ batches: [ImageBatch], _ loss: LossFunction, _ matrix: ObservedOperator, verifies: Bool
  ) throws -> CurvatureResults.Batch {
    let clock = ContinuousClock.now
    let top = try eigenvalues(matrix, verifies: verifies)
    let seconds = clock.duration(to: .now) / .seconds(1)
    let (mean, correct) = withoutGradients {
      zip(batches, loss.batches).reduce(into: (0.0, 0)) { sum, pair in
        let logits = pair.1.outputs()
        let labels = pair.0.labels()
        sum.0 += pair.1.loss(logits).item() * Double(pair.0.count)
        sum.1 += Int((logits.mean(along: [0]).argmax(along: 1) .== labels).sum().item())
      }
    }
    let count = batches.reduce(0) { $0 + $1.count }
    return CurvatureResults.Batch(
      images: count, correct: correct, loss: mean / Double(count), eigenvalues: top.eigenvalues,
      products: top.products, seconds: seconds)
  }

  /// - Parameter verifies: whether residuals are measured, because those of the recurrence take the matrix to be symmetric.
  private func eigenvalues(
    _ matrix: ObservedOperator, verifies: Bool
  ) throws(CurvatureError) -> TopEigenvalues {
    switch settings.solver {
    case .lanczos:
      try Lanczos(
        count: settings.count, order: settings.order, tolerance: settings.tolerance,
        maximumProducts: settings.mostProducts, verifiesResiduals: verifies, seed: settings.seed
      )(matrix)
    case .powerIteration:
      try PowerIteration(
        count: settings.count, maximumIterations: settings.mostProducts / settings.count,
        tolerance: settings.tolerance, seed: settings.seed
      )(matrix)
    }
  }
}

/// A matrix whose products are counted as they are made.
final class ObservedOperator: LinearOperator {
  private let matrix: LossCurvature
  private let onProduct: (Int) -> Void
  private var products = 0

  init(_ matrix: LossCurvature, onProduct: @escaping (Int) -> Void) {
    self.matrix = matrix
    self.onProduct = onProduct
  }

  var dimension: Int { matrix.dimension }
  var dtype: DType { matrix.dtype }
  var device: Device { matrix.device }

  func callAsFunction(_ vector: Tensor) throws(CurvatureError) -> Tensor {
    let result = try matrix(vector)
    products += 1
    onProduct(products)
    return result
  }
}

extension Result {
  fileprivate var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
