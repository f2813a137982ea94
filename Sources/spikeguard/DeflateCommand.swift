import ArgumentParser
import Experiments
import Foundation
import Optimization
import Torch

struct DeflateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deflate",
    abstract: "Removes the leading singular term of every gradient in a file, from any framework.",
    discussion: """
      A tensor of two or more dimensions is read as a matrix of its first dimension by all others. Vectors, \
      scalars, integers and matrices of one row or column pass unchanged; see `--single-vectors-as-released`.
      """)

  enum Solver: String, CaseIterable, ExpressibleByArgument { case fast, svd }

  @Argument(help: "Gradients, safetensors.")
  var input: String

  @Argument(help: "Where the deflated gradients go, safetensors.")
  var output: String

  @Option(help: "fast finds the leading triple only; svd is the full decomposition.")
  var solver = Solver.fast

  @Flag(help: "Set matrices of one row or column to zero, as the authors' release does.")
  var singleVectorsAsReleased = false

  @OptionGroup var record: RecordOptions

  struct Record: Encodable {
    struct Layer: Encodable {
      let name: String
      let outcome: String
      let sigma1: Double?
      let energyRemoved: Double?
      let fellBack: Bool?
    }
    let input: String
    let solver: String
    let layers: [Layer]
    let fallbacks: Int
  }

  func run() throws {
    try OutputFile.check([("OUTPUT", output), ("--json", record.json)], inputs: [input])
    let file = try Safetensors.read(from: input)
    var deflation = DominantSingularDeflation(
      solver: solver == .svd ? .svd : .fast,
      singleVectors: singleVectorsAsReleased ? .asReleased : .unchanged)
    var gradients = file.tensors.filter { file.tensors[$0]!.dtype.isFloatingPoint }
    deflation.apply(to: &gradients, at: gradients, step: 0)
    // Every tensor of the file is written, in its order: those that are no gradients as they were.
    var all = file.tensors
    for (name, tensor) in gradients { all[name] = tensor.contiguous() }
    try Safetensors.write(all, metadata: file.metadata, to: output)

    let layers = deflation.report.layers.map { layer in
      Record.Layer(
        name: layer.name, outcome: "\(layer.outcome)", sigma1: layer.triple?.sigma,
        energyRemoved: layer.triple?.energy, fellBack: layer.triple?.fellBack)
    }
    try record.write(
      Record(
        input: input, solver: solver.rawValue, layers: layers,
        fallbacks: deflation.report.fallbacks))
    var table = TextTable(["gradient", "outcome", "σ₁", "energy removed"])
    for layer in layers {
      table.add([
        layer.name, layer.outcome, layer.sigma1.map { String(format: "%.6g", $0) } ?? "",
        layer.energyRemoved.map { ProgressDisplay.percent($0) } ?? "",
      ])
    }
    print(table.text)
    print("  \(deflation.report)")
  }
}
