using System.CommandLine;
using System.Net;
using Atoll.Server;
using Atoll.Server.Commands;
using Atoll.Server.Doctor;
using Xunit;

namespace Atoll.Unit.Commands;

/// <summary>The server's command line and the environment variables behind it.</summary>
public sealed class ServerOptionsTests : IDisposable
{
    private readonly Dictionary<string, string?> _before = [];

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    [Theory]
    [InlineData("--listen", "ATOLL_LISTEN", "7070")]
    [InlineData("--listen", "ATOLL_LISTEN", "127.0.0.1")]
    [InlineData("--listen", "ATOLL_LISTEN", "localhost:70700")]
    [InlineData("--listen", "ATOLL_LISTEN", "::1")]
    [InlineData("--listen", "ATOLL_LISTEN", "everywhere:80")]
    [InlineData("--min-timeout", "ATOLL_MIN_TIMEOUT", "0")]
    [InlineData("--min-timeout", "ATOLL_MIN_TIMEOUT", "1m")]
    [InlineData("--network-pool", "ATOLL_NETWORK_POOL", "10.0.0.0")]
    [InlineData("--runtime", "ATOLL_RUNTIME", "docker")]
    [InlineData("--region", "ATOLL_REGION", "atlantis")]
    public void A_value_that_cannot_be_read_is_refused_by_the_options_name(string option, string variable, string value)
    {
        string refused = Assert.Single(Serve(option, value).Errors).Message;
        Assert.StartsWith($"{option}: '{value}' is ", refused, StringComparison.Ordinal);

        Set(variable, value);
        Assert.StartsWith($"{option} (from {variable}): '{value}' is ", Assert.Single(Serve().Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:7070", "127.0.0.1:7070")]
    [InlineData("http://127.0.0.1:7070/", "127.0.0.1:7070")]
    [InlineData("localhost:8080", "127.0.0.1:8080")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("[::1]:80", "[::1]:80")]
    public void An_address_to_listen_on_is_read_in_each_spelling(string text, string address) =>
        Assert.Equal(IPEndPoint.Parse(address), Read("--listen", text).Listen);

    [Fact]
    public void What_is_not_given_is_the_variables_and_what_is_given_is_stronger()
    {
        Set("ATOLL_DATA", "/srv/from-variable");
        Set("ATOLL_LISTEN", "127.0.0.1:1");
        Set("ATOLL_REGION", "eu-west");
        Set("ATOLL_TEMPLATES", "");

        ServeOptions options = Read("--listen", "127.0.0.1:2");
        Assert.Equal("/srv/from-variable", options.DataDirectory);
        Assert.Equal("/srv/from-variable/templates", options.Node.TemplatesDirectory);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 2), options.Listen);
        Assert.Equal("eu-west", options.Node.Region);

        Set("ATOLL_TEMPLATES", "/srv/templates");
        Assert.Equal("/srv/templates", Read().Node.TemplatesDirectory);
        Assert.Equal("/other", Read("--templates", "/other").Node.TemplatesDirectory);
        Assert.Equal("/srv/templates", Read("--data", "/elsewhere").Node.TemplatesDirectory);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("doctor")]
    [InlineData("template", "list")]
    [InlineData("template", "build")]
    [InlineData("auth", "key", "list")]
    [InlineData("auth", "key", "create", "--name", "n")]
    public void Every_command_on_an_installation_takes_its_directory_from_the_variable(params string[] arguments)
    {
        Set("ATOLL_DATA", "/srv/atoll");
        var root = new RootCommand { ServeCommand.Create(), DoctorCommand.Create(), TemplateCommand.Create(), AuthCommand.Create() };

        ParseResult parsed = root.Parse(arguments);

        Assert.Empty(parsed.Errors);
        Assert.Equal("/srv/atoll", parsed.GetRequiredValue<string>("--data"));
    }

    [Fact]
    public void The_port_for_raw_TCP_must_be_free_only_when_it_was_given()
    {
        Assert.Equal(new RawTcpOptions(8443, IsRequired: false), Read().RawTcp);
        Assert.Equal(new RawTcpOptions(8443, IsRequired: true), Read("--tcp-port", "8443").RawTcp);
        Assert.Null(Read("--tcp-port", "0").RawTcp);
        Assert.Single(Serve("--tcp-port", "65536").Errors);

        Set("ATOLL_TCP_PORT", "9443");
        Assert.Equal(new RawTcpOptions(9443, IsRequired: true), Read().RawTcp);
    }

    [Theory]
    [InlineData("127.0.0.1:7070", false)]
    [InlineData("127.1.2.3:7070", false)]
    [InlineData("[::1]:7070", false)]
    [InlineData("0.0.0.0:7070", true)]
    [InlineData("[::]:7070", true)]
    [InlineData("192.0.2.7:7070", true)]
    public void Listening_for_other_machines_is_warned_of(string address, bool warned)
    {
        string? warning = ServerHost.WarningOf(IPEndPoint.Parse(address));

        Assert.Equal(warned, warning is not null);
        Assert.True(!warned || warning!.Contains(address) && warning.Contains("TLS"));
    }

    private static ParseResult Serve(params string[] arguments) => ServeCommand.Create().Parse(arguments);

    private static ServeOptions Read(params string[] arguments)
    {
        ParseResult parsed = Serve(arguments);
        Assert.Empty(parsed.Errors);
        return ServeCommand.Read(parsed);
    }

    private void Set(string variable, string value)
    {
        _before.TryAdd(variable, Environment.GetEnvironmentVariable(variable));
        Environment.SetEnvironmentVariable(variable, value);
    }
}
