using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Atoll.Server.Edge;
using Atoll.Server.Tls;
using Atoll.Unit.Api;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Unit.Edge;

/// <summary>A client that asks for a name in TLS and trusts the installation's authority only.</summary>
internal sealed class RawTcpClient : IAsyncDisposable
{
    private readonly Socket _socket;

    private RawTcpClient(Socket socket, SslStream tls) => (_socket, Tls) = (socket, tls);

    public SslStream Tls { get; }

    public static async Task<RawTcpClient> ConnectAsync(SimulatedServer server, string name, CancellationToken cancellation, int? receiveBuffer = null)
    {
        Socket socket = await DialAsync(server, cancellation, receiveBuffer);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(server.Services.GetRequiredService<CertificateAuthority>().Pem));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = name, CertificateChainPolicy = policy }, cancellation);
            return new RawTcpClient(socket, tls);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    public static async Task<Socket> DialAsync(SimulatedServer server, CancellationToken cancellation, int? receiveBuffer = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = receiveBuffer ?? 64 * 1024 };
        await socket.ConnectAsync(server.Services.GetRequiredService<RawTcpListener>().Bound!, cancellation);
        return socket;
    }

    public async Task<string> AskAsync(string text, CancellationToken cancellation)
    {
        await Tls.WriteAsync(Encoding.ASCII.GetBytes(text), cancellation);
        byte[] answer = new byte[256];
        return Encoding.ASCII.GetString(answer, 0, await Tls.ReadAsync(answer, cancellation));
    }

    public async Task<byte[]> RestAsync(CancellationToken cancellation)
    {
        var rest = new MemoryStream();
        await Tls.CopyToAsync(rest, cancellation);
        return rest.ToArray();
    }

    public ValueTask DisposeAsync() => Tls.DisposeAsync();
}
