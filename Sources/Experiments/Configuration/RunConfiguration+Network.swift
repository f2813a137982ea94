import Datasets
import Layers
import Training

extension RunConfiguration {
  /// The network for the images of a data set, with the classes and the normalisation that were asked for.
  ///
  /// - Throws: ``UsageError`` where the data or the numbers do not fit.
  public func network(for dataset: ImageDataset) throws -> NetworkRecipe {
    var recipe = try network.fitted(to: dataset, classes: classes)
    if mean != nil || deviation != nil {
      recipe.normalization = try normalization(channels: recipe.channels)
    }
    return recipe
  }

  private func normalization(channels: Int) throws(UsageError) -> PixelNormalization {
    let mean = try checked(mean, "--mean", channels)
    let deviation = try checked(deviation, "--deviation", channels)
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw UsageError("--deviation: expected positive numbers, found \(deviation)")
    }
    return PixelNormalization(mean: mean, standardDeviation: deviation)
  }

  private func checked(
    _ numbers: [Double]?, _ option: String, _ channels: Int
  ) throws(UsageError) -> [Double] {
    let numbers = numbers ?? []
    guard numbers.count == channels, numbers.allSatisfy(\.isFinite) else {
      let found = numbers.isEmpty ? "nothing" : "\(numbers.map { "\($0)" }.joined(separator: ","))"
      throw UsageError(
        "\(option): expected a number for each channel (\(channels)), separated by commas, found "
          + "\(found); --mean and --deviation go together")
    }
    return numbers
  }

  /// What a run folder records: every value as it is used, none left to be looked up.
  func completed(by network: NetworkRecipe) -> RunConfiguration {
    var complete = self
    complete.network = network
    complete.classes = network.classes
    complete.mean = network.normalization?.mean
    complete.deviation = network.normalization?.standardDeviation
    return complete
  }

  /// The data's images: training (without those held out), validation and test.
  ///
  /// - Throws: what the data set's reader throws, ``UsageError`` for a count that does not fit.
  public func datasets() throws -> RunDatasets {
    let train = try DataAccess.load(data.source, .train, limit: data.limit)
    let test = try data.testOrigin.map { try DataAccess.load($0, .test) }
    if let test { try DataAccess.checkAlike(train, test) }
    guard data.validation > 0 else {
      guard data.validation == 0 else {
        throw UsageError("--validation: expected 0 or more images, found \(data.validation)")
      }
      return RunDatasets(training: train, test: test)
    }
    guard data.validation < train.count else {
      throw UsageError(
        "--validation: expected fewer than the \(train.count) training images, found "
          + "\(data.validation)")
    }
    let parts = train.split(validationCount: data.validation, seed: training.seed)
    return RunDatasets(training: parts.training, validation: parts.validation, test: test)
  }

  /// The run that this configuration describes.
  public func job(on datasets: RunDatasets) throws -> TrainingJob {
    let network = try network(for: datasets.training)
    var training = training
    let attacks = [training.exposure.base, training.exposure.foreign].contains(.adversarial)
    // The bundle speaks of attacks where there are none; a flag that does so is a mistake.
    if trainingProtocol == .asReleased, !attacks { training.exposure.released = [] }
    return try TrainingJob(
      network: network, training: training, running: running, datasets: datasets,
      configuration: completed(by: network))
  }
}
