using System.Globalization;
using System.Net;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;

namespace Atoll.Api.Edge;

/// <summary>
/// Writes and reads the hosts under which sandboxes are reached:
/// <code>
///   [{port}-][sbx-]{id}.{domain}     domain: that of the server, localhost, or the server's address
///   {port}-{address}                 a port of whichever sandbox the request otherwise names
/// </code>
/// What looks like a sandbox's name and is none is refused, so that it never leads to the control plane.
/// </summary>
internal sealed class SandboxHosts(ApiOptions options)
{
    private const string Prefix = "sbx-";
    private const string Localhost = "localhost";
    private const int LongestPort = 5;

    /// <summary>
    /// A name below the domain; else its own local port; else the server's own address, where a request must name the
    /// sandbox by header or token.
    /// </summary>
    public string Of(Sandbox sandbox)
    {
        if (options.Domain is not null)
        {
            return $"{Prefix}{sandbox.Id.Value}.{options.PublicHost}";
        }

        return sandbox.LocalPort is { } port
            ? new IPEndPoint(IPEndPoint.Parse(options.PublicHost).Address, port).ToString()
            : options.PublicHost;
    }

    /// <exception cref="FaultException">The host looks like a sandbox's and is malformed, or below a domain that is not this server's.</exception>
    public HostClaim Read(string host)
    {
        string name = host.ToLowerInvariant();
        name = name.EndsWith('.') ? name[..^1] : name;
        if (TrySplitPort(name, out string portText, out string rest) && (IsOwn(rest) || IPAddress.TryParse(rest, out _)))
        {
            return new HostClaim(null, Port(portText));
        }

        int dot = name.IndexOf('.');
        if (dot < 0 || IPAddress.TryParse(name, out _))
        {
            return default;
        }

        (string label, string domain) = (name[..dot], name[(dot + 1)..]);
        bool hasPort = TrySplitPort(label, out portText, out string id);
        if (TryId(hasPort ? id : label) is { } sandbox)
        {
            return IsOwn(domain)
                ? new HostClaim(sandbox, hasPort ? Port(portText) : null)
                : throw Bad($"'{domain}' is no domain of this server: let the operator give it with `--domain`");
        }

        // Below a sandbox's own name there is nothing, least of all the control plane.
        bool pretends = IsOwn(domain) && (hasPort || label.StartsWith(Prefix, StringComparison.Ordinal));
        return pretends || domain.Split('.').Any(inner => TryId(TrySplitPort(inner, out _, out string own) ? own : inner) is not null)
            ? throw Bad($"'{label}' is no name of a sandbox: it must be {{port}}-{{id}} or {{id}}")
            : default;
    }

    /// <summary>A sandbox's id as either dialect spells it; null for all else.</summary>
    public static SandboxId? TryId(string text) =>
        SandboxId.TryParse(text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : text, out SandboxId id) ? id : null;

    /// <exception cref="FaultException">It is not a port in its one spelling.</exception>
    public static int Port(string text) =>
        text.Length <= LongestPort && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port)
        && port is > 0 and <= 65535 && text[0] != '0'
            ? port
            : throw Bad($"'{text}' is no port: it must be 1 to 65535");

    private static FaultException Bad(string message) => new Fault(FaultCode.InvalidArgument, message).AsException();

    private static bool TrySplitPort(string name, out string port, out string rest)
    {
        int dash = name.IndexOf('-');
        bool has = dash > 0 && name.AsSpan(0, dash).IndexOfAnyExceptInRange('0', '9') < 0;
        (port, rest) = has ? (name[..dash], name[(dash + 1)..]) : ("", name);
        return has;
    }

    private bool IsOwn(string domain) => domain == Localhost || domain == options.Domain || domain == options.PublicHost.Split(':')[0];
}
