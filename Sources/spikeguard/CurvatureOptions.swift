import ArgumentParser
import Curvature
import Datasets
import Experiments

extension InferenceKind: ExpressibleByArgument {}
extension ProductChoice: ExpressibleByArgument {}
extension MeasuredLoss: ExpressibleByArgument {}
extension SpectrumSolver: ExpressibleByArgument {}
extension SpectrumOrder: ExpressibleByArgument {}
extension CurvaturePrecision: ExpressibleByArgument {}

/// Which images the curvature is measured on.
struct InferenceOptions: ParsableArguments {
  @Option(help: "Images: clean, fgsm or pgd; again for each. (default: all three)")
  var inference: [InferenceKind] = []

  @Option(help: "Part of the data set: train or test.")
  var split = ImageDataset.Split.test

  @Option(help: "Inference batches, the first of the data.")
  var batches = CurvatureSettings().batches

  @Option(help: "Images in a batch.")
  var batchSize = CurvatureSettings().batchSize

  @Flag(help: "One curvature of the mean loss over all batches, one batch in memory at a time.")
  var whole = false

  @Option(
    help: "Largest change of a pixel, as 8/255 or 0.03.", transform: { try PixelDistance($0) })
  var epsilon = try! PixelDistance("8/255")

  @Option(help: "Length of a step of PGD, as --epsilon.", transform: { try PixelDistance($0) })
  var stepSize = try! PixelDistance("0.01")

  @Option(help: "Steps of PGD, from a random start.")
  var steps = CurvatureSettings().steps

  func apply(to settings: inout CurvatureSettings) {
    if !inference.isEmpty {
      // Once each, in the order of the paper's table.
      settings.inferences = InferenceKind.allCases.filter(inference.contains)
    }
    settings.batches = batches
    settings.batchSize = batchSize
    settings.isWhole = whole
    settings.epsilon = epsilon.value
    settings.stepSize = stepSize.value
    settings.steps = steps
  }
}

/// Which matrix.
struct CurvatureMatrixOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Loss: mean-logits, each-step or summed.",
      discussion:
        "Cross-entropy of the logits' mean over time; its mean over the time steps; its sum over them, T times the latter."
    ))
  var loss = MeasuredLoss.meanLogits

  @Option(
    help: ArgumentHelp(
      "Product with a vector: auto, transposed (Jᵀv, PyHessian's), jacobian (Jv), symmetric, gauss-newton.",
      discussion:
        "J is the Jacobian of the surrogate gradient; auto is Jᵀv where J is symmetric to rounding, else (J + Jᵀ)v/2."
    ))
  var product = ProductChoice.auto

  @Option(help: "Element type of the network: float32 or float64.")
  var precision = CurvaturePrecision.float32

  func apply(to settings: inout CurvatureSettings) {
    settings.loss = loss
    settings.product = product
    settings.precision = precision
  }
}

/// How many eigenvalues, and how they are found.
struct EigenvalueOptions: ParsableArguments {
  @Option(help: "Eigenvalues of each batch; the share is λ_max among them.")
  var count = CurvatureSettings().count

  @Option(help: "Which are the top: the largest magnitudes, or the largest values.")
  var order = SpectrumOrder.magnitude

  @Option(help: "Lanczos with bounds of the error, or PyHessian's power iteration with deflation.")
  var solver = SpectrumSolver.lanczos

  @Option(
    help: "Residual to reach, relative to the largest magnitude; of power iteration the change.")
  var tolerance = CurvatureSettings().tolerance

  @Option(
    help: "Products for a batch's eigenvalues, at most. (default: 200; power-iteration: 100 each)")
  var maxProducts: Int?

  func apply(to settings: inout CurvatureSettings) {
    settings.count = count
    settings.order = order
    settings.solver = solver
    settings.tolerance = tolerance
    settings.maximumProducts = maxProducts
  }
}

/// What else is measured of the first batch.
struct SpectrumOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Estimate the spectral density.")
  var density = true

  @Option(help: "Products of each run for the density.")
  var densitySteps = CurvatureSettings.DensitySettings().steps

  @Option(help: "Runs for the density, each from a random vector.")
  var densityVectors = CurvatureSettings.DensitySettings().vectors

  @Flag(inversion: .prefixedNo, help: "Estimate the trace by Hutch++.")
  var trace = true

  @Option(help: "Products for the trace.")
  var traceProducts = CurvatureSettings().traceProducts!

  func apply(to settings: inout CurvatureSettings) {
    settings.density =
      density
      ? CurvatureSettings.DensitySettings(steps: densitySteps, vectors: densityVectors) : nil
    settings.traceProducts = trace ? traceProducts : nil
  }
}
