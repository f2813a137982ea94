import ArgumentParser
import Foundation
import Spiking

/// The catalogue of gradient views, asked for instead of an attack.
///
/// It is declared before a command's other options: its validation ends the program, so nothing else need be given.
struct ViewList: ParsableArguments {
  @Flag(help: "Print the gradient views for --through as a table, and end.")
  var listViews = false

  func validate() throws {
    if listViews { throw CleanExit.message(Self.text) }
  }

  /// Name, what it is, where it is from; every column to the left.
  static let text: String = {
    let rows =
      [["view", "gradient", "source"]]
      + NamedGradientView.catalogue.map {
        [$0.name, $0.summary + ($0.changesForward ? " *" : ""), $0.source]
      }
    let widths = (0..<2).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      "  "
        + zip(row, widths).map {
          $0.padding(toLength: $1, withPad: " ", startingAt: 0) + "   "
        }.joined() + row[2]
    }
    return lines.joined(separator: "\n")
      + "\n\n  * another network of the same weights: it gives gradients, and never decides"
  }()
}
