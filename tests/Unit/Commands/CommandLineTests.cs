using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Atoll.Control.Tenancy;
using Atoll.Linux;
using Atoll.Server.Commands;
using Xunit;

namespace Atoll.Unit.Commands;

/// <summary>What the operator reads when a command cannot do what it should.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("atoll-command-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_damaged_database_is_told_in_one_line()
    {
        File.WriteAllBytes(Path.Combine(_data, "atoll.db"), RandomNumberGenerator.GetBytes(8192));

        string line = await FailAsync("auth", "key", "list", "--data", _data);

        Assert.StartsWith($"atoll-server auth: {_data}/atoll.db is damaged", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_cannot_be_opened_is_told_in_one_line()
    {
        Directory.CreateDirectory(Path.Combine(_data, "atoll.db-wal"));
        File.WriteAllBytes(Path.Combine(_data, "atoll.db"), []);

        Assert.Contains($"{_data}/atoll.db cannot be opened", await FailAsync("auth", "key", "list", "--data", _data), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_file_that_is_none_is_told_in_one_line()
    {
        File.WriteAllBytes(Path.Combine(_data, "secret.key"), [1, 2, 3]);

        Assert.Contains("holds 3 bytes instead of 32", await ServeAsync("127.0.0.1:0"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_that_is_not_there_is_told_in_one_line() => Assert.Contains(
        "/nowhere", await FailAsync("template", "build", "x", "--recipes", "/nowhere", "--data", _data), StringComparison.Ordinal);

    [Fact]
    public async Task A_first_start_on_a_taken_port_makes_no_key_that_nobody_sees()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        Assert.Contains("address already in use", await ServeAsync($"{taken.LocalEndpoint}"), StringComparison.Ordinal);

        await using TenancyAdmin admin = TenancyAdmin.Open(_data);
        Assert.Empty(admin.ListKeys());
        Assert.NotNull(await admin.MakeFirstKeyAsync());
        Assert.Null(await admin.MakeFirstKeyAsync());
    }

    [Fact]
    public void What_an_operator_can_mend_is_a_line_and_a_defect_a_trace()
    {
        Assert.Equal("cannot add a table; line 1: no", CommandLine.TextOf(new NftablesException("cannot add a table\n  line 1: no\n")));
        Assert.Contains("took too long", CommandLine.TextOf(new TaskCanceledException()), StringComparison.Ordinal);
        Assert.Contains(nameof(NullReferenceException), CommandLine.TextOf(new NullReferenceException()), StringComparison.Ordinal);
    }

    private Task<string> ServeAsync(string listen) => FailAsync("serve", "--data", _data, "--listen", listen, "--runtime", "simulated");

    private static async Task<string> FailAsync(params string[] args)
    {
        using var error = new StringWriter();
        Assert.Equal(1, await CommandLine.RunAsync(args, error).WaitAsync(TimeSpan.FromSeconds(30)));
        return Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
