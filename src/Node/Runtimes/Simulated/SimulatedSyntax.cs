using System.Text;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>Splits a script of the simulated shell into commands and words.</summary>
internal static class SimulatedSyntax
{
    /// <summary>Stands for a dollar sign in single quotes or after a backslash.</summary>
    public const char LiteralDollar = '\uE000';

    /// <returns>Each command with the connector before it and whether its output goes to standard error.</returns>
    public static IEnumerable<(string Connector, List<string> Words, bool ToError)> Parse(string script)
    {
        string connector = ";";
        List<string> words = [];
        foreach ((string text, bool isOperator) in Tokens(script))
        {
            if (!isOperator)
            {
                words.Add(text);
                continue;
            }

            yield return Command(connector, words);
            connector = text;
            words = [];
        }

        yield return Command(connector, words);
    }

    private static (string, List<string>, bool) Command(string connector, List<string> words)
    {
        bool toError = words.RemoveAll(word => word is ">&2" or "1>&2") > 0;
        return (connector, words, toError);
    }

    private static IEnumerable<(string Text, bool IsOperator)> Tokens(string script)
    {
        var word = new StringBuilder();
        bool inWord = false;
        for (int i = 0; i < script.Length; i++)
        {
            char c = script[i];
            string? connector = ConnectorAt(script, i);
            if (connector is null && !char.IsWhiteSpace(c))
            {
                inWord = true;
                i = c is '\'' or '"' ? Quoted(script, i, word) : Bare(script, i, word);
                continue;
            }

            if (inWord)
            {
                yield return (word.ToString(), false);
                word.Clear();
                inWord = false;
            }

            if (connector is not null)
            {
                yield return (connector, true);
                i += connector.Length - 1;
            }
        }

        if (inWord)
        {
            yield return (word.ToString(), false);
        }
    }

    private static string? ConnectorAt(string script, int i)
    {
        if (script[i] is ';' or '\n')
        {
            return ";";
        }

        return i + 1 < script.Length && script.AsSpan(i, 2) is "&&" or "||" ? script.Substring(i, 2) : null;
    }

    // Both return the index of the last character they took.
    private static int Quoted(string script, int open, StringBuilder word)
    {
        char quote = script[open];
        int close = script.IndexOf(quote, open + 1);
        close = close < 0 ? script.Length : close;
        string text = script[(open + 1)..close];
        word.Append(quote == '\'' ? text.Replace('$', LiteralDollar) : text);
        return close;
    }

    private static int Bare(string script, int i, StringBuilder word)
    {
        if (script[i] != '\\' || i + 1 == script.Length)
        {
            word.Append(script[i]);
            return i;
        }

        word.Append(script[i + 1] == '$' ? LiteralDollar : script[i + 1]);
        return i + 1;
    }
}
