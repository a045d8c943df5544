using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.Edge;

/// <summary>One address for TLS and plain text.</summary>
public sealed class ListenerTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Theory]
    [InlineData("http", "1.1")]
    [InlineData("https", "1.1")]
    [InlineData("https", "2.0")]
    public async Task One_port_takes_plain_text_and_TLS_with_either_version_of_HTTP(string scheme, string version)
    {
        using HttpClient client = await TrustingClientAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(scheme, "/health"))
        {
            Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using HttpResponseMessage reply = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(Version.Parse(version), reply.Version);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("3000-sbx-01arz3ndektsv4rrffq69g5fav.localhost")]
    public async Task Who_trusts_the_authority_trusts_the_server_under_each_of_its_names(string name)
    {
        using TcpClient tcp = await ConnectAsync();
        using var tls = new SslStream(tcp.GetStream());

        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name, CertificateChainPolicy = await TrustAsync(), ApplicationProtocols = [SslApplicationProtocol.Http2],
        });

        Assert.Equal(SslApplicationProtocol.Http2, tls.NegotiatedApplicationProtocol);
    }

    [Fact]
    public async Task Who_does_not_know_the_authority_or_asks_for_another_name_does_not_trust_the_server()
    {
        using TcpClient stranger = await ConnectAsync();
        using var unknown = new SslStream(stranger.GetStream());
        await Assert.ThrowsAsync<AuthenticationException>(() => unknown.AuthenticateAsClientAsync("127.0.0.1"));

        using TcpClient lost = await ConnectAsync();
        using var other = new SslStream(lost.GetStream());
        X509ChainPolicy trust = await TrustAsync();
        await Assert.ThrowsAsync<AuthenticationException>(() => other.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "atoll.example.com", CertificateChainPolicy = trust }));
    }

    [Fact]
    public async Task The_authoritys_certificate_is_public_and_its_key_is_not()
    {
        Reply reply = await Reply.OfAsync(await server.Client.GetAsync("/ca.pem"));

        Assert.Equal(200, reply.Status);
        Assert.DoesNotContain("PRIVATE", reply.Text, StringComparison.Ordinal);
        using X509Certificate2 authority = X509Certificate2.CreateFromPem(reply.Text);
        Assert.True(authority.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(server.DataDirectory, "ca.key.pem")));
    }

    [Fact]
    public async Task A_client_that_goes_without_a_word_or_in_the_middle_of_a_handshake_does_no_harm()
    {
        using (await ConnectAsync())
        {
        }

        using (TcpClient broken = await ConnectAsync())
        {
            await broken.GetStream().WriteAsync(new byte[] { 0x16, 3, 1 });
        }

        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task A_request_whose_first_byte_comes_alone_is_read_whole()
    {
        using TcpClient tcp = await ConnectAsync();
        tcp.NoDelay = true;
        foreach (string part in new[] { "G", "ET /hea", "lth HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" })
        {
            await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(part));
        }

        using var reader = new StreamReader(tcp.GetStream());
        Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private Uri Address(string scheme, string path) => new UriBuilder(server.Address) { Scheme = scheme, Path = path }.Uri;

    private async Task<TcpClient> ConnectAsync()
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        return tcp;
    }

    private async Task<X509ChainPolicy> TrustAsync() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        CustomTrustStore = { X509Certificate2.CreateFromPem(await server.Client.GetStringAsync("/ca.pem")) },
    };

    private async Task<HttpClient> TrustingClientAsync() => new(new SocketsHttpHandler
    {
        SslOptions = { CertificateChainPolicy = await TrustAsync() },
    });
}
