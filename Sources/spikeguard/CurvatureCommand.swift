import ArgumentParser
import Curvature
import Datasets
import Experiments
import Foundation

struct CurvatureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "curvature",
    abstract: "Measures the top eigenvalues of a network's loss, clean and under attack.",
    discussion: """
      For each inference batch the eigenvalues of the loss's second derivative by the weights, λ_max and its share of the top \
      five by magnitudes, with the residual of each; mean and standard deviation over batches. Beside them stands what the \
      paper printed, where it has the data set and the training. Also the trace and the spectral density of the first batch, \
      how far from symmetric the matrix is, and whether the network answers the same twice.

      The loss of a spiking network is piecewise constant; what is differentiated twice is its surrogate gradient. FGSM and \
      PGD go through all time steps, on every image; labels are the true ones. A product with the matrix costs about two \
      training steps on the batch, twice that with symmetric or gauss-newton. The first ones tell what the rest will take at most. \
      A signal (Ctrl-C) ends it after the batch at work, and the batches that are done are written.
      """)

  @OptionGroup(title: "Source") var source: SourceOptions

  @Option(
    help: ArgumentHelp(
      "Data set: \(DatasetSource.forms.joined(separator: ", ")).",
      discussion: DataOptions.tensorsFile))
  var data = "fashion-mnist"

  @OptionGroup(title: "Inference") var inference: InferenceOptions
  @OptionGroup(title: "Matrix") var matrix: CurvatureMatrixOptions
  @OptionGroup(title: "Eigenvalues") var eigenvalues: EigenvalueOptions
  @OptionGroup(title: "Spectrum") var spectrum: SpectrumOptions

  @Option(help: "Seed of random starts, random points and a stochastic coding.")
  var seed: UInt64 = 0

  @Option(
    help: "Folder for curvature.html and curvature.json; those of an earlier one are replaced.")
  var out: String?

  @OptionGroup var record: RecordOptions

  func settings() -> CurvatureSettings {
    var settings = CurvatureSettings()
    inference.apply(to: &settings)
    matrix.apply(to: &settings)
    eigenvalues.apply(to: &settings)
    spectrum.apply(to: &settings)
    settings.seed = seed
    return settings
  }

  func validate() throws {
    do throws(UsageError) { try settings().check() } catch {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    Interruption.listen()
    let page = try PageOutput(out)
    try OutputFile.check(
      [("--json", record.json)], inputs: source.files + [DataRecipe.file(of: data)])
    try page?.makeFolder()
    let images = try DataAccess.load(data, inference.split)
    let job = try CurvatureJob(try source.load(for: images), on: images, settings())

    let display = CurvatureDisplay()
    guard
      let results = try job.run(
        shouldStop: { Interruption.isWished }, progress: { display.show($0) })
    else {
      display.stopped()
      throw Interruption.exit
    }
    display.finish(results)
    try record.write(results)
    try page?.write(results)
    print(CurvatureText(results).text)
    if !results.isComplete { throw Interruption.exit }
  }
}

/// Shows how far a measurement is, and once what it will cost.
private final class CurvatureDisplay {
  private let display = ProgressDisplay()
  private var work = ""

  func show(_ event: CurvatureEvent) {
    switch event {
    case .attacking(let attack, let images, let total):
      begin("Attacking: \(attack)")
      display.show(images, of: total)
    case .cost(let cost):
      let product = ProgressDisplay.duration(cost.secondsOfProduct)
      display.note(
        "\(cost.parameters) parameters, \(product) a product; at most \(cost.mostProducts) "
          + "products, \(ProgressDisplay.duration(cost.mostSeconds)), fewer where eigenvalues converge"
      )
    case .measuring(let inference, let batch, let total, let products):
      begin("Measuring: \(inference)")
      display.show(
        batch, of: total, text: "curvatures  \(inference): \(products) products of this one")
    }
  }

  func finish(_ results: CurvatureResults) {
    let products = results.inferences.reduce(0) { $0 + $1.products }
    display.finish(
      (results.isComplete ? "" : "stopped by a signal after \(results.curvatures) batches, ")
        + "\(products) products for eigenvalues in all")
  }

  func stopped() {
    display.note("stopped by a signal before the first batch was done; nothing is written")
  }

  private func begin(_ title: String) {
    if title != work { display.begin(title) }
    work = title
  }
}
