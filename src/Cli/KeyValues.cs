using System.CommandLine;

namespace Atoll.Cli;

/// <summary>Options of the form <c>--env KEY=VALUE</c>.</summary>
internal static class KeyValues
{
    public static Option<string[]> Option(string name, string description)
    {
        Option<string[]> option = new(name) { Description = description, HelpName = "KEY=VALUE", Arity = ArgumentArity.OneOrMore };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=') <= 0))
            {
                // The text may be a secret without its name: it is not repeated.
                result.AddError($"{name} wants KEY=VALUE");
            }
        });
        return option;
    }

    /// <summary>Null for none. A key that comes twice has its last value.</summary>
    public static Dictionary<string, string>? Parse(string[]? pairs)
    {
        if (pairs is null or [])
        {
            return null;
        }
        Dictionary<string, string> parsed = [];
        foreach (string pair in pairs)
        {
            int equals = pair.IndexOf('=');
            parsed[pair[..equals]] = pair[(equals + 1)..];
        }
        return parsed;
    }
}
