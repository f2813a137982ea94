import Foundation

/// A published data set in MNIST's four files: where they may lie, and what their classes are called.
///
/// Each file may be plain or compressed (`.gz`), and named `train-images-idx3-ubyte` or, as other tools save
/// it, `train-images.idx3-ubyte`. Counts and image size come from the files.
public struct IDXCollection: Hashable, Sendable {
  /// Its name on the command line, and its folder's.
  public let name: String
  public let classNames: [String]
  /// How to get it; ends an error text.
  let remedy: String

  /// Zalando's 28×28 pictures of clothes: 60,000 to learn from and 10,000 to test on.
  public static let fashionMNIST = IDXCollection(
    name: "fashion-mnist",
    classNames: [
      "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
      "Ankle boot",
    ],
    remedy: "Run spikeguard data fetch fashion-mnist, or apt-get install dataset-fashion-mnist")

  /// LeCun, Cortes and Burges' 28×28 handwritten digits: 60,000 to learn from and 10,000 to test on.
  public static let mnist = IDXCollection(
    name: "mnist", classNames: (0...9).map(String.init),
    remedy:
      "Run spikeguard data fetch mnist, or name the folder with its four files as mnist:FOLDER")

  /// All that can be asked for by name.
  public static let all = [fashionMNIST, mnist]

  /// Reads a split; see ``locate(_:in:roots:environment:)`` for where it is looked for.
  public func load(
    _ split: ImageDataset.Split, from folder: URL? = nil, roots: [URL]? = nil
  ) throws(DatasetError) -> ImageDataset {
    let files = try locate(split, in: folder, roots: roots)
    return try ImageDataset(
      idxImages: files.images, labels: files.labels, name: name, split: split,
      classNames: classNames)
  }
}
