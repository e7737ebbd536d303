# Generates a client from an OpenAPI document with OpenAPI::Client, and uses it on a server. Prints what it got as JSON.
#
# Usage: perl client.pl DOCUMENT URL
use Mojo::Base -strict, -signatures;
use Mojo::JSON 'encode_json';
use OpenAPI::Client;

my ($document, $url) = @ARGV;
my $client = OpenAPI::Client->new("file://$document", base_url => Mojo::URL->new($url));

# The client has one method for each operationId. Each checks its parameters by the document.
my %got;

sub call ($name, $operation, $parameters) {
  my $tx = $client->$operation($parameters);
  $got{$name} = { status => 0 + $tx->res->code, type => $tx->res->headers->content_type, body => $tx->res->json };
  return $got{$name}{body};
}

my $created = call(created => createKey => { body => { label => 'from Perl', owner => 'acme', scopes => ['orders:read'] } });
my $id = $created->{record}{id};
call(listed => listKeys => { owner => 'acme', limit => 10 });
call(updated => updateKey => { id => $id, 'If-Match' => '"0"', body => { label => 'renamed', owner => undef } });
call(outdated => updateKey => { id => $id, 'If-Match' => '"0"', body => { label => 'too late' } });
call(rotated => rotateKey => { id => $id, body => { graceSeconds => 60 } });
call(verified => verifyKey => { body => { key => $got{rotated}{body}{key} } });
call(revoked => revokeKey => { id => $id, body => { reason => 'done' } });
call(again => revokeKey => { id => $id, body => {} });
call(missing => getKey => { id => '5e1f7c1e-0000-4000-8000-00000000beef' });
# The document itself rejects these, so no request is sent.
call(withoutLabel => createKey => { body => { owner => 'acme' } });
call(withUnknownField => createKey => { body => { label => 'x', createdBy => 'me' } });

print encode_json \%got;
