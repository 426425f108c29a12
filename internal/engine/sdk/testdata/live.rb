$LOAD_PATH.unshift File.join(ARGV[0], 'lib')
require 'pet-store'

plain = PetStore::Client.new(endpoint: ARGV[1], api_key: 'key-of-mine')
signed = PetStore::Client.new(endpoint: "#{ARGV[1]}/", region: 'eu-west-1', access_key: 'AKIDEXAMPLE',
                              secret_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', session_token: 'the/token+==')
puts plain.put_pets_pet_id(petId: 'a b/é', kind: 'x&y', 'x-mine': 'one', headers: { 'X-More' => 'two' }, query: { z: [1, 2] },
                           body: { name: 'Rex' }).body
puts signed.get_files_path(path: "dir/it's (1)*.txt", q: 'a b+c').body
puts plain.post_trouble(body: 'text').body
begin
  plain.get_root
rescue PetStore::Error => e
  puts "#{e.answer.status} #{e.answer.body}"
end
begin
  plain.put_pets_pet_id(kind: 'k')
rescue ArgumentError => e
  puts e.message
end
