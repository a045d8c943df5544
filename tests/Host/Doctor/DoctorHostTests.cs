using System.Net.Sockets;
using System.Net;
using Atoll.Server.Doctor;
using Xunit;

namespace Atoll.Host.Doctor;

public sealed class DoctorHostTests
{
    [Fact]
    public async Task What_needs_no_sandbox_is_found_out_on_this_machine()
    {
        ICheck[] checks = [new RootCheck(), new KernelCheck(), new CgroupCheck(), new ToolsCheck(Environment.GetEnvironmentVariable("PATH")), new DiskCheck(Path.GetTempPath()), new NftablesCheck()];
        IReadOnlyList<Checked> results = await Examination.RunAsync(checks, TimeProvider.System, CancellationToken.None);
        Assert.Empty(results.Where(r => r.Finding.Severity == Severity.Fail).Select(r => $"{r.Name}: {r.Finding.Found}"));
    }

    [Fact]
    public async Task The_check_of_nftables_leaves_no_table()
    {
        await new NftablesCheck().RunAsync(CancellationToken.None);
        ProcessResult tables = (await DoctorProcess.RunAsync("nft", ["list", "tables"], "", CancellationToken.None))!;
        Assert.Equal(0, tables.ExitCode);
        Assert.DoesNotContain("atoll-doctor", tables.Output);
    }

    [Fact]
    public async Task A_port_is_free_until_another_program_takes_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var address = (IPEndPoint)other.LocalEndpoint;
        using var stop = new CancellationTokenSource();
        // Accepts and answers what is not HTTP, as a foreign program would.
        Task answering = AnswerAsync(other, stop.Token);

        Finding taken = await new PortCheck(address).RunAsync(CancellationToken.None);
        Assert.Equal(Severity.Fail, taken.Severity);
        Assert.Contains($":{address.Port}", taken.Remedy);

        await stop.CancelAsync();
        other.Stop();
        await answering;
        Assert.Equal(Severity.Ok, (await new PortCheck(address).RunAsync(CancellationToken.None)).Severity);
    }

    [Fact]
    public async Task A_data_directory_that_does_not_exist_yet_is_judged_by_what_it_will_be_on()
    {
        Finding finding = await new DiskCheck("/var/lib/not/there/yet").RunAsync(CancellationToken.None);
        Assert.Contains("/var/lib/not/there/yet", finding.Found);
        Assert.False(Directory.Exists("/var/lib/not"));
    }

    [Fact]
    public async Task A_missing_template_fails_with_the_command_that_makes_it()
    {
        Finding finding = await new TemplateCheck("/nonexistent/templates").RunAsync(CancellationToken.None);
        Assert.Equal(Severity.Fail, finding.Severity);
        Assert.Contains("template build base", finding.Remedy);
    }

    [Fact]
    public async Task KVM_is_at_most_a_warning_and_is_found_out_in_time()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "atoll-server");
        Assert.True(File.Exists(program));
        Finding finding = await new KvmCheck(program).RunAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.NotEqual(Severity.Fail, finding.Severity);
        Assert.Equal(finding.Severity == Severity.Ok, finding.Remedy is null);
    }

    private static async Task AnswerAsync(TcpListener listener, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop);
                await client.GetStream().WriteAsync("what?\r\n"u8.ToArray(), stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
