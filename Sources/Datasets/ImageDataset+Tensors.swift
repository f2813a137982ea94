import Torch

extension ImageDataset {
  /// Takes data from any tool: `images` `[N, C, H, W]` float32 in [0, 1] and `labels` `[N]` int64. Other
  /// tensors of the collection are ignored.
  ///
  /// - Parameters:
  ///   - path: where the tensors came from, for the error texts.
  ///   - classes: how many classes there are; nil stands for the largest label plus one, which is right only
  ///     where that class occurs.
  public init(
    _ tensors: NamedTensors, from path: String, name: String, split: Split, classes: Int? = nil
  ) throws(DatasetError) {
    let images = try Self.tensor("images", of: "[N, C, H, W]", 4, .float32, in: tensors, path)
    let labels = try Self.tensor("labels", of: "[N]", 1, .int64, in: tensors, path)
    let extents = images.shape
    guard extents[0] == labels.count else {
      throw DatasetError(
        .shape, path, expected: "as many labels as images",
        found: "\(extents[0]) images and \(labels.count) labels",
        remedy: "Write both tensors from the same samples")
    }
    let shape = Shape(channels: extents[1], height: extents[2], width: extents[3])
    let values = images.scalars(of: Float.self)
    try Self.checkPixels(values, shape, path)
    let numbers = labels.scalars(of: Int.self)
    try Self.checkLabels(numbers, classes, path)
    self.init(
      name: name, split: split, shape: shape, pixels: .floats(values), labels: numbers,
      classNames: (0..<(classes ?? numbers.max()! + 1)).map(String.init))
  }

  private static func tensor(
    _ name: String, of layout: String, _ rank: Int, _ dtype: DType, in tensors: NamedTensors,
    _ path: String
  ) throws(DatasetError) -> Tensor {
    let expected = "a tensor '\(name)' \(layout) of \(dtype) with at least one element"
    guard let tensor = tensors[name] else {
      throw DatasetError(
        .missing, path, expected: expected,
        found: tensors.isEmpty ? "no tensors" : tensors.names.joined(separator: ", "),
        remedy: "Save the data under the names 'images' and 'labels'")
    }
    guard tensor.rank == rank, tensor.dtype == dtype, tensor.count > 0 else {
      throw DatasetError(
        .shape, path, expected: expected, found: "'\(name)' \(tensor.shape) of \(tensor.dtype)",
        remedy: "Save it as \(layout) of \(dtype)")
    }
    return tensor
  }

  private static func checkPixels(
    _ values: [Float], _ shape: Shape, _ path: String
  ) throws(DatasetError) {
    // A NaN fails every comparison, so this form finds it too.
    guard let bad = values.firstIndex(where: { !($0 >= 0 && $0 <= 1) }) else { return }
    let plane = shape.height * shape.width
    let place = [
      bad / shape.count, bad % shape.count / plane, bad % plane / shape.width, bad % shape.width,
    ]
    throw DatasetError(
      .range, path, expected: "pixels in [0, 1]", found: "\(values[bad]) at images\(place)",
      remedy: "Scale the images to [0, 1]; normalisation is the network's first layer")
  }

  private static func checkLabels(
    _ labels: [Int], _ classes: Int?, _ path: String
  ) throws(DatasetError) {
    // Without a count of classes, one label of 2^40 would make as many names.
    let limit = classes ?? largestClassCount
    guard let bad = labels.firstIndex(where: { !(0..<limit).contains($0) }) else { return }
    throw DatasetError(
      .range, path, expected: "labels from 0 to \(limit - 1)",
      found: "\(labels[bad]) at labels[\(bad)]",
      remedy: "Number the classes from 0")
  }

  /// More classes than any published image set has (ImageNet-21k: 21,841).
  static let largestClassCount = 1 << 17
}
