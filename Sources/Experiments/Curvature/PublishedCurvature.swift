import Training

/// What the paper printed of λ_max and its share of the top five eigenvalues: means and standard deviations over
/// inference batches of test images.
///
/// Its networks are VGG-11 (CIFAR), VGG-16 (TinyImageNet) and NF-ResNet-18 (ImageNet) of 4 time steps, trained on clean images,
/// and measured with PyHessian. Which way the share's sums are taken it does not say; means above 1 and deviations of 6
/// can only come from sums of mixed signs.
///
/// Source: "Robustify Spiking Neural Networks via Dominant Singular Deflation under Heterogeneous Training
/// Vulnerability", arXiv 2505.11134, section 4.3, table 2.
public struct PublishedCurvature: Codable, Sendable, Equatable {
  public enum Method: String, Codable, Sendable {
    /// The plain network.
    case plain = "SNN"
    /// With dominant singular deflation.
    case deflated = "DSD"
  }

  public let inference: InferenceKind
  public let method: Method
  public let dataset: String
  public let lambdaMax: Double
  public let lambdaMaxDeviation: Double
  public let share: Double
  public let shareDeviation: Double

  private init(_ inference: InferenceKind, _ method: Method, _ dataset: String, _ n: [Double]) {
    self.inference = inference
    self.method = method
    self.dataset = dataset
    (lambdaMax, lambdaMaxDeviation, share, shareDeviation) = (n[0], n[1], n[2], n[3])
  }

  public static let datasets = ["CIFAR-10", "CIFAR-100", "TinyImageNet", "ImageNet"]

  public static let all: [PublishedCurvature] = rows.flatMap { inference, method, numbers in
    zip(datasets, numbers).map { PublishedCurvature(inference, method, $0, $1) }
  }

  /// λ_max and its deviation, share and its deviation, in the order of ``datasets``.
  private static let rows: [(InferenceKind, Method, [[Double]])] = [
    (
      .clean, .plain,
      [
        [261.94, 78.28, 0.98, 5.92], [187.49, 47.35, 0.41, 0.06],
        [2077.09, 803.30, 0.60, 0.19], [174.88, 50.41, 0.43, 0.09],
      ]
    ),
    (
      .clean, .deflated,
      [
        [209.90, 59.97, 0.35, 0.15], [135.55, 36.26, 0.30, 0.04],
        [1802.80, 700.78, 0.51, 0.10], [110.56, 31.66, 0.33, 0.06],
      ]
    ),
    (
      .fgsm, .plain,
      [
        [269.90, 85.54, 1.15, 6.78], [190.82, 49.57, 0.46, 0.06],
        [1998.11, 741.19, 0.61, 0.05], [162.57, 51.23, 0.44, 0.10],
      ]
    ),
    (
      .fgsm, .deflated,
      [
        [218.27, 47.66, 0.38, 0.18], [132.01, 30.17, 0.29, 0.04],
        [1767.57, 681.68, 0.50, 0.06], [111.77, 27.40, 0.32, 0.06],
      ]
    ),
    (
      .pgd, .plain,
      [
        [265.47, 74.16, 1.03, 6.34], [200.11, 45.24, 0.46, 0.05],
        [2072.77, 807.49, 0.62, 0.31], [174.16, 49.00, 0.41, 0.06],
      ]
    ),
    (
      .pgd, .deflated,
      [
        [202.89, 63.24, 0.35, 0.10], [143.07, 37.96, 0.30, 0.04],
        [1793.12, 733.90, 0.56, 0.34], [113.73, 27.97, 0.32, 0.07],
      ]
    ),
  ]
}

extension PublishedCurvature {
  /// The row that a network's numbers may stand beside, or why there is none.
  ///
  /// - Parameters:
  ///   - dataset: by the name that it is loaded under; a tensors file by its own name.
  ///   - training: how the network was trained; nil where its file does not say.
  static func row(
    _ inference: InferenceKind, dataset: String, training: TrainingRecipe?
  ) -> Result<PublishedCurvature, NoRow> {
    let name = { (text: String) in text.lowercased().filter { $0.isLetter || $0.isNumber } }
    guard let known = datasets.first(where: { name($0) == name(dataset) }) else {
      return .failure(NoRow("the paper has no \(dataset)"))
    }
    guard let training else {
      return .failure(NoRow("the weights do not say how they were trained"))
    }
    guard training.exposure.base == .clean, training.exposure.foreign == nil else {
      return .failure(NoRow("the paper's networks were trained on clean images alone"))
    }
    let method: Method = training.deflation == .none ? .plain : .deflated
    return .success(
      all.first { $0.inference == inference && $0.method == method && $0.dataset == known }!)
  }

  /// Why the paper has nothing to compare with.
  struct NoRow: Error, Equatable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
  }
}
