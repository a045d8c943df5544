using System.Text;

namespace Atoll.Cli.Output;

/// <summary>One figure over time as columns of a terminal: a few lines, as wide as the terminal lets it be.</summary>
/// <param name="Title">What it shows, and its present value.</param>
/// <param name="Scale">The value that fills the height; 0 for the largest that there is.</param>
/// <param name="Label">How a value is written at the edge.</param>
internal sealed record Chart(string Title, double Scale, Func<double, string> Label)
{
    private const string Blocks = " ▁▂▃▄▅▆▇█";
    private const int Height = 4;
    private const int LabelWidth = 9;
    private const string Usual = "\e[32m", High = "\e[33m", Full = "\e[31m", Plain = "\e[0m";

    /// <param name="output">Where it goes.</param>
    /// <param name="values">One for each moment, oldest first; null where nothing is known.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="colour">Whether the terminal shows colours.</param>
    public void Write(TextWriter output, IReadOnlyList<double?> values, int width, bool colour)
    {
        double?[] columns = Columns(values, Math.Max(1, width - LabelWidth - 2));
        double top = Scale > 0 ? Scale : Math.Max(columns.Max() ?? 0, double.Epsilon);
        output.WriteLine(Title);
        for (int row = Height - 1; row >= 0; row--)
        {
            string label = row == Height - 1 ? Label(top) : row == 0 ? Label(0) : "";
            output.WriteLine($"{label.PadLeft(LabelWidth)} {(label.Length > 0 ? '┤' : '│')}{Row(columns, row, top, colour)}".TrimEnd());
        }
    }

    /// <summary>The values over so many columns: the largest of those that share one, so that no peak is lost.</summary>
    public static double?[] Columns(IReadOnlyList<double?> values, int count)
    {
        double?[] columns = new double?[count];
        for (int column = 0; column < count; column++)
        {
            int from = (int)((long)column * values.Count / count);
            int until = Math.Max(from + 1, (int)((long)(column + 1) * values.Count / count));
            columns[column] = values.Skip(from).Take(until - from).Max();
        }
        return columns;
    }

    private static string Row(double?[] columns, int row, double top, bool colour)
    {
        StringBuilder text = new();
        string? shade = null;
        foreach (double? value in columns)
        {
            double share = Math.Clamp((value ?? 0) / top, 0, 1);
            int eighths = Math.Clamp((int)Math.Round(share * Height * 8) - (row * 8), 0, 8);
            // What is there shows, however little it is.
            char block = value is > 0 && row == 0 && eighths == 0 ? Blocks[1] : Blocks[eighths];
            string wanted = share >= 0.9 ? Full : share >= 0.7 ? High : Usual;
            if (colour && block != ' ' && wanted != shade)
            {
                text.Append(shade = wanted);
            }
            text.Append(block);
        }
        return shade is null ? text.ToString() : text.Append(Plain).ToString();
    }
}
