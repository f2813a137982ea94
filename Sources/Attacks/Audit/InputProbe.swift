import Torch

/// Whether a classifier sees all of its input: pixels that are rounded or cut off before it leave the logits the same
/// to the last bit.
///
/// A network of spikes is constant around some images too, between two flips. So points anywhere in an image's cell
/// of the rounding must agree, and images are counted only if the next cells give other logits.
struct InputProbe {
  let probe: ClassifierProbe
  let seed: UInt64

  init(_ probe: ClassifierProbe, seed: UInt64) {
    self.probe = probe
    self.seed = seed
  }

  /// Pixels beyond these are cut off to see whether it is noticed.
  static let (dark, bright) = (0.125, 0.875)
  /// Fewer changed pixels may go unnoticed in any network.
  static let leastChanged = 0.05

  /// A rounding to L levels: cells around k/(L − 1), or [k/L, (k + 1)/L).
  struct Grid: CustomStringConvertible {
    let levels: Int
    let isRounded: Bool

    var width: Double { isRounded ? 1 / Double(levels - 1) : 1 / Double(levels) }
    var description: String { "\(levels) levels\(isRounded ? "" : " (rounded down)")" }

    /// The middle of each pixel's cell.
    func centre(_ images: Tensor) -> Tensor {
      let cells = images / width
      let index = isRounded ? floor(cells + 0.5) : floor(cells).clamped(nil, Double(levels - 1))
      return (isRounded ? index : index + 0.5) * width
    }

    private func floor(_ values: Tensor) -> Tensor {
      let whole = values.converted(to: .int64).converted(to: values.dtype)
      return whole
    }

    /// 7 bits are the finest that is looked for: images come with 8, and to round them so hides nothing.
    static let all = (Array(2...64) + [100, 128]).flatMap {
      [Grid(levels: $0, isRounded: true), Grid(levels: $0, isRounded: false)]
    }
  }

  private func ask(_ images: Tensor) -> Tensor { probe.ask(probe.makeClassifier(), images) }

  /// The flag, and the images that are rounded, `[B]`.
  func quantized() -> (flag: AuditFlag, images: Tensor) {
    let images = probe.images
    var best: (count: Int, grid: Grid, rows: Tensor)?
    for grid in Grid.all {
      let rows = flat(on: grid)
      let count = rows.trueCount
      if count > best?.count ?? -1 { best = (count, grid, rows) }
    }
    let (count, grid, rows) = best!
    return (
      AuditFlag(
        .quantizedInput, count, of: images.size(0),
        detail: count == 0
          ? "none of \(Grid.all.count) roundings goes unnoticed"
          : "rounding to \(grid) changes nothing for \(count)"), rows
    )
  }

  /// Images whose logits are one and the same anywhere in their cells, and others in the next cells.
  private func flat(on grid: Grid) -> Tensor {
    let centre = grid.centre(probe.images).clamped(0, 1)
    let generator = Generator(seed: seed)
    let answer = ask(centre)
    // Not quite to the walls: which cell they belong to is the rounding's choice.
    func noise(_ size: Double) -> Tensor {
      Tensor.uniform(centre.shape, in: -size...size, dtype: centre.dtype, using: generator)
        .moved(to: centre.device)
    }
    var rows = ClassifierProbe.changedRows(
      answer, ask((centre + noise(2 * grid.width)).clamped(0, 1)))
    // Of spikes, between two flips: with four points less than a third of the images at any width.
    for _ in 0..<4 where rows.trueCount > 0 {
      let moved = (centre + noise(0.45 * grid.width)).clamped(0, 1)
      rows = rows .& (.!ClassifierProbe.changedRows(answer, ask(moved)))
    }
    return rows
  }

  /// - Parameter rounded: images for which rounding explains it, `[B]`.
  func clamped(except rounded: Tensor) -> AuditFlag {
    let images = probe.images
    let answer = ask(images)
    let sees = ClassifierProbe.changedRows(answer, ask(probe.others))
    var found = Tensor.zeros([images.size(0)], dtype: .bool).moved(to: images.device)
    var details: [String] = []
    for (name, cut) in [
      ("dark", images.clamped(Self.dark, nil)), ("bright", images.clamped(nil, Self.bright)),
    ] {
      let moved = ThreatModel.rows(.!(cut .== images)).converted(to: .float64).mean(along: [1])
      let unnoticed = .!ClassifierProbe.changedRows(answer, ask(cut))
      let rows = unnoticed .& (moved .>= Self.leastChanged) .& sees .& .!rounded
      details.append("\(name) pixels cut off unnoticed in \(rows.trueCount)")
      found = found .| rows
    }
    return AuditFlag(
      .clampedInput, found.trueCount, of: images.size(0), detail: details.joined(separator: ", "))
  }
}
