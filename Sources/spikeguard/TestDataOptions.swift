import ArgumentParser
import Datasets
import Experiments

/// The data set whose test images are measured.
struct TestDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Data set, its test images: \(DatasetSource.forms.joined(separator: ", ")).",
      discussion: DataOptions.tensorsFile))
  var data = "fashion-mnist"

  /// The file that the data are in, where they are in one.
  var file: String? { DataRecipe.file(of: data) }

  /// - Parameter images: how many, the first; all where there are fewer.
  func load(images: Int) throws -> ImageDataset {
    try DataAccess.load(data, .test, limit: images, option: "--images")
  }
}
