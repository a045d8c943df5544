using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;

namespace Atoll.Server.Commands;

/// <summary>Options that several commands share. Each can also be given as an environment variable.</summary>
internal static class CommonOptions
{
    public static Option<string> Data() => Text(
        "--data", "ATOLL_DATA", TemplateCommand.DefaultData, "Directory of everything that the server keeps");

    /// <summary>An option with text as value; its default is an environment variable, else <paramref name="standard"/>.</summary>
    public static Option<string> Text(string name, string variable, string standard, string description) => new(name)
    {
        Description = $"{description} [{variable}]",
        DefaultValueFactory = _ => Variable(variable) ?? standard,
    };

    public static Option<IPEndPoint> Endpoint(string name, string variable, string standard, string description) => new(name)
    {
        Description = $"{description} [{variable}]",
        DefaultValueFactory = result => ParseEndpoint(result, Variable(variable) ?? standard),
        CustomParser = result => ParseEndpoint(result, result.Tokens.Count == 1 ? result.Tokens[0].Value : ""),
    };

    public static Option<int> Seconds(string name, string variable, int standard, string description) => new(name)
    {
        Description = $"{description} [{variable}]",
        DefaultValueFactory = result => ParseSeconds(result, Variable(variable) ?? standard.ToString(CultureInfo.InvariantCulture)),
        CustomParser = result => ParseSeconds(result, result.Tokens.Count == 1 ? result.Tokens[0].Value : ""),
    };

    public static Option<IPNetwork> Network(string name, string variable, IPNetwork standard, string description) => new(name)
    {
        Description = $"{description} [{variable}]",
        DefaultValueFactory = result => ParseNetwork(result, Variable(variable) ?? standard.ToString()),
        CustomParser = result => ParseNetwork(result, result.Tokens.Count == 1 ? result.Tokens[0].Value : ""),
    };

    private static IPNetwork ParseNetwork(ArgumentResult result, string text)
    {
        if (IPNetwork.TryParse(text, out IPNetwork network))
        {
            return network;
        }

        result.AddError($"'{text}' is not a network such as 10.171.0.0/16");
        return default;
    }

    private static int ParseSeconds(ArgumentResult result, string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds > 0)
        {
            return seconds;
        }

        result.AddError($"'{text}' is not a whole number of seconds above 0");
        return 1;
    }

    private static IPEndPoint ParseEndpoint(ArgumentResult result, string text)
    {
        if (text.Contains(':') && IPEndPoint.TryParse(text, out IPEndPoint? endpoint))
        {
            return endpoint;
        }

        result.AddError($"'{text}' is not an address and a port such as 127.0.0.1:7070");
        return new IPEndPoint(IPAddress.Loopback, 0);
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
