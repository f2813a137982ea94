import Datasets
import Layers
import Models
import Spiking

extension NetworkRecipe {
  /// This network for the images of a data set: its channels, size, classes, and normalisation where one is
  /// known by the data's name.
  ///
  /// - Parameter classes: at least as many as the data have; nil for exactly as many.
  /// - Throws: ``UsageError`` where no network of ours takes such images.
  public func fitted(
    to dataset: ImageDataset, classes: Int? = nil
  ) throws(UsageError) -> NetworkRecipe {
    let shape = dataset.shape
    guard shape.height == shape.width else {
      throw UsageError(
        "\(dataset.name): expected square images, found \(shape); pad or crop them")
    }
    let classes = classes ?? dataset.classes
    guard classes >= dataset.classes else {
      throw UsageError(
        "--classes: expected at least \(dataset.classes), as many as \(dataset.name) has, "
          + "found \(classes)")
    }
    var recipe = self
    recipe.classes = classes
    recipe.channels = shape.channels
    recipe.imageSize = shape.height
    // Written down, so that a record says it whatever the rule will be one day.
    recipe.stem = stem ?? model.standardStem(imageSize: shape.height)
    recipe.normalization =
      encoder.emitsSpikes ? nil : Self.knownNormalizations[dataset.name]
    return recipe
  }

  /// By data set's name, the constants that published networks were trained with. CIFAR-10's deviations are
  /// the field's (means of the images' deviations), not those over all pixels (.2470 .2435 .2616).
  static let knownNormalizations: [String: PixelNormalization] = [
    "fashion-mnist": .fashionMNIST, "mnist": .mnist, "cifar10": .cifar10,
    "cifar100": PixelNormalization(
      mean: [0.5071, 0.4867, 0.4408], standardDeviation: [0.2675, 0.2565, 0.2761]),
  ]
}
