import Foundation

extension ImageDataset {
  /// Reads a pair of IDX files, plain or gzip: images `[N, H, W]` and labels `[N]`, unsigned bytes.
  ///
  /// - Throws: also when the counts differ or a label has no class name.
  public init(
    idxImages images: URL, labels labelFile: URL, name: String, split: Split, classNames: [String]
  ) throws(DatasetError) {
    let pixels = try IDXFile(contentsOf: images, rank: 3)
    let labels = try IDXFile(contentsOf: labelFile, rank: 1)
    guard pixels.shape[0] == labels.shape[0] else {
      throw DatasetError(
        .shape, labelFile.path,
        expected: "\(pixels.shape[0]) labels, one for each image in \(images.path)",
        found: "\(labels.shape[0])",
        remedy: "Take both files from the same split of the same data set")
    }
    if let bad = labels.elements.firstIndex(where: { Int($0) >= classNames.count }) {
      throw DatasetError(
        .range, labelFile.path, expected: "labels from 0 to \(classNames.count - 1)",
        found: "\(labels.elements[bad]) at index \(bad)",
        remedy: "Check that the file belongs to \(name)")
    }
    self.init(
      name: name, split: split,
      shape: Shape(channels: 1, height: pixels.shape[1], width: pixels.shape[2]),
      pixels: .bytes(pixels.elements), labels: labels.elements.map(Int.init), classNames: classNames
    )
  }
}
