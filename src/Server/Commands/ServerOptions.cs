using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Atoll.Server.Edge;

namespace Atoll.Server.Commands;

/// <summary>The options of the server's commands, each of which can also be given as an environment variable.</summary>
internal static class ServerOptions
{
    public static Option<string> Data() => Text(
        "--data", "ATOLL_DATA", "/var/lib/atoll", "Directory of everything that the server keeps");

    public static Option<string> Templates() => Text(
        "--templates", "ATOLL_TEMPLATES", "", "Directory of the templates; templates in the data directory when empty");

    /// <summary>Where the templates are, by what was given of <see cref="Templates"/> and <see cref="Data"/>.</summary>
    public static string TemplatesDirectory(ParseResult parsed, Option<string> templates, Option<string> data) => Path.GetFullPath(
        parsed.GetRequiredValue(templates) is { Length: > 0 } given ? given : Path.Combine(parsed.GetRequiredValue(data), "templates"));

    /// <summary>Takes an address with a port, with or without <c>http://</c> before it; <c>localhost</c> is 127.0.0.1.</summary>
    public static Option<IPEndPoint> Listen() => Parsed(
        "--listen", "ATOLL_LISTEN", "127.0.0.1:7070", "Address and port to listen on; port 0 takes any", (string text, out IPEndPoint value) =>
        {
            const string scheme = "http://", localhost = "localhost:";
            string bare = text.StartsWith(scheme, StringComparison.Ordinal) ? text[scheme.Length..].TrimEnd('/') : text;
            bare = bare.StartsWith(localhost, StringComparison.Ordinal) ? $"127.0.0.1:{bare[localhost.Length..]}" : bare;
            bool good = IPEndPoint.TryParse(bare, out IPEndPoint? endpoint) && EndsInPort(bare);
            value = endpoint ?? new IPEndPoint(IPAddress.Loopback, 0);
            return good ? null : $"'{text}' is not an address and a port such as 127.0.0.1:7070";
        });

    /// <summary>An option with text as value; its default is an environment variable, else <paramref name="standard"/>.</summary>
    public static Option<string> Text(string name, string variable, string standard, string description) => new(name)
    {
        Description = $"{description} [{variable}]",
        DefaultValueFactory = _ => Variable(variable) ?? standard,
    };

    /// <summary>A text that is one of a few.</summary>
    public static Option<string> Choice(string name, string variable, string standard, IReadOnlyCollection<string> choices, string description) =>
        Parsed(name, variable, standard, $"{description}: {string.Join(", ", choices)}", (string text, out string value) =>
        {
            value = text;
            return choices.Contains(text) ? null : $"'{text}' is none of {string.Join(", ", choices)}";
        });

    public static Option<int> Seconds(string name, string variable, int standard, string description) =>
        Parsed(name, variable, standard.ToString(CultureInfo.InvariantCulture), description, (string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value > 0
                ? null
                : $"'{text}' is not a whole number of seconds above 0");

    /// <summary>A whole number from 0; null when nobody said anything.</summary>
    public static Option<int?> Count(string name, string variable, string description) =>
        Parsed(name, variable, "", description, (string text, out int? value) =>
        {
            bool good = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= 1_000_000_000;
            value = good ? number : null;
            return good || text.Length == 0 ? null : $"'{text}' is not a whole number from 0 to 1000000000";
        });

    /// <summary>A port of TCP; 0 for none. Null when nobody said anything.</summary>
    public static Option<int?> Port(string name, string variable, string description) =>
        Parsed(name, variable, "", description, (string text, out int? value) =>
        {
            bool good = ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port);
            value = good ? port : null;
            return good || text.Length == 0 ? null : $"'{text}' is not a port: it must be 1 to 65535, or 0 for none";
        });

    public static Option<IPNetwork> Network(string name, string variable, IPNetwork standard, string description) =>
        Parsed(name, variable, standard.ToString(), description, (string text, out IPNetwork value) =>
            IPNetwork.TryParse(text, out value) ? null : $"'{text}' is not a network such as 10.171.0.0/16");

    public static Option<PortRange> Ports(string name, string variable, PortRange standard, string description) =>
        Parsed(name, variable, standard.ToString(), description, (string text, out PortRange value) =>
            PortRange.TryParse(text, out value) ? null : $"'{text}' is not a range of ports such as {standard}");

    /// <summary>A DNS name, with or without a port behind it; empty for none.</summary>
    public static Option<string> HostName(string name, string variable, string description) =>
        Parsed(name, variable, "", description, (string text, out string value) =>
        {
            value = text.ToLowerInvariant();
            string[] parts = text.Split(':');
            bool good = text.Length == 0 || Uri.CheckHostName(parts[0]) is UriHostNameType.Dns
                && (parts.Length == 1 || parts.Length == 2 && ushort.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0);
            return good ? null : $"'{text}' is not a host name such as sandboxes.example.com";
        });

    /// <summary>Off unless it is given, or its environment variable is <c>true</c> or 1.</summary>
    public static Option<bool> Switch(string name, string variable, string description) => new(name)
    {
        Description = $"{description} [{variable}]",
        DefaultValueFactory = _ => Variable(variable) is "1" or "true",
    };

    private static Option<T> Parsed<T>(string name, string variable, string standard, string description, Parser<T> parse) => new(name)
    {
        Description = $"{description} [{variable}]",
        DefaultValueFactory = result => Read(result, Variable(variable) is null ? name : $"{name} (from {variable})", Variable(variable) ?? standard, parse),
        CustomParser = result => Read(result, name, result.Tokens.Count == 1 ? result.Tokens[0].Value : "", parse),
    };

    private static T Read<T>(ArgumentResult result, string name, string text, Parser<T> parse)
    {
        if (parse(text, out T value) is { } problem)
        {
            result.AddError($"{name}: {problem}");
        }

        return value;
    }

    // Without one, an address of version 6 parses too, and so does a bare number.
    private static bool EndsInPort(string address) => address.LastIndexOf(':') is > 0 and var colon
        && (address[colon - 1] == ']' || address.IndexOf(':') == colon);

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>Reads a value; answers what is wrong with the text, or null.</summary>
    private delegate string? Parser<T>(string text, out T value);
}
