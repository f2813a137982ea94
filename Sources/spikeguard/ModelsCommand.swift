import ArgumentParser
import Datasets
import Experiments
import Foundation
import Models
import Spiking

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Lists the networks with their parameters, neurons and multiply-accumulates.",
    discussion: """
      Everything is counted on the network itself, for one image. 'MACs/step' takes every weight at every \
      position, zeros included; 'MACs, T steps' counts what direct coding keeps constant in time, the layers \
      before the first neuron, only once. The numbers are of the data set's images, or of those described.
      """)

  @Option(help: "Data set to take images and classes from; see `spikeguard train --help`.")
  var data: String?

  @Option(help: "Height and width of the images. (default: 32)")
  var imageSize: Int?

  @Option(help: "Channels of the images. (default: 3)")
  var channels: Int?

  @Option(help: "Number of classes. (default: 10, or as many as the data have)")
  var classes: Int?

  @Option(help: "Time steps of direct coding, T.")
  var timeSteps = NetworkRecipe().steps

  @Option(help: "Factor on the channels of every convolution.")
  var width = NetworkRecipe().width

  @Option(help: "Stem of the residual networks. (default: imagenet from 128 pixels on)")
  var stem: Stem?

  @Option(help: "What the units do: spiking or relu.")
  var activation = NetworkRecipe().activation

  @OptionGroup var record: RecordOptions

  func validate() throws {
    guard data == nil || (imageSize ?? channels) == nil else {
      throw ValidationError("--data says --image-size and --channels itself; give one or the other")
    }
  }

  /// One network, or why it cannot be built for these images.
  struct Row: Encodable {
    let model: ModelName
    let stem: Stem?
    var parameters: Int?
    var neurons: Int?
    var multiplyAccumulatesPerStep: Int?
    var multiplyAccumulates: Int?
    var error: String?

    init(_ recipe: NetworkRecipe) {
      model = recipe.model
      stem = recipe.stem
      do throws(ModelError) {
        let size = try recipe.size()
        parameters = size.parameters
        neurons = size.neurons
        multiplyAccumulatesPerStep = size.operations.perStep
        multiplyAccumulates = size.operations.total(steps: recipe.steps)
      } catch { self.error = error.description }
    }
  }

  struct Record: Encodable {
    let imageSize: Int
    let channels: Int
    let classes: Int
    let timeSteps: Int
    let width: Double
    let activation: NetworkRecipe.Activation
    let models: [Row]
  }

  func run() throws {
    try OutputFile.check([("--json", record.json)])
    let recipe = try recipe()
    let rows = ModelName.allCases.map { name in
      var recipe = recipe
      recipe.model = name
      let standard = name.standardStem(imageSize: recipe.imageSize)
      recipe.stem = standard == nil ? nil : stem ?? standard
      return Row(recipe)
    }
    // What is wrong for every network is wrong with the options.
    if rows.allSatisfy({ $0.error != nil }), let error = rows[0].error { throw UsageError(error) }
    try record.write(
      Record(
        imageSize: recipe.imageSize, channels: recipe.channels, classes: recipe.classes,
        timeSteps: timeSteps, width: width, activation: activation, models: rows))
    print(text(rows, recipe))
  }

  private func recipe() throws -> NetworkRecipe {
    var recipe = NetworkRecipe()
    recipe.steps = timeSteps
    recipe.width = width
    recipe.activation = activation
    if let data {
      return try recipe.fitted(to: DataAccess.load(data, .train), classes: classes)
    }
    recipe.imageSize = imageSize ?? 32
    recipe.channels = channels ?? 3
    recipe.classes = classes ?? 10
    guard recipe.imageSize <= 1024 else {
      throw UsageError("--image-size: expected at most 1024, found \(recipe.imageSize)")
    }
    guard recipe.channels <= 1024 else {
      throw UsageError("--channels: expected at most 1024, found \(recipe.channels)")
    }
    return recipe
  }

  private func text(_ rows: [Row], _ recipe: NetworkRecipe) -> String {
    var table = TextTable([
      "model", "stem", "parameters", "neurons", "MACs/step", "MACs, \(timeSteps) steps",
    ])
    for row in rows where row.error == nil {
      table.add([
        row.model.rawValue, row.stem?.rawValue ?? "–",
        Self.grouped(row.parameters!), Self.grouped(row.neurons!),
        Self.grouped(row.multiplyAccumulatesPerStep!), Self.grouped(row.multiplyAccumulates!),
      ])
    }
    let images =
      "  for one image of \(recipe.channels) × \(recipe.imageSize) × "
      + "\(recipe.imageSize), \(recipe.classes) classes"
    return ([table.text, images] + rows.compactMap { $0.error.map { "  · \($0)" } })
      .joined(separator: "\n")
  }

  /// As `11,689,512`.
  private static func grouped(_ number: Int) -> String {
    let digits = String(String(number).reversed())
    let groups = stride(from: 0, to: digits.count, by: 3).map { start in
      String(digits.dropFirst(start).prefix(3))
    }
    return String(groups.joined(separator: ",").reversed())
  }
}
